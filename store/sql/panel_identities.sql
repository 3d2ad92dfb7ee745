SELECT value, any(label)
FROM (
    SELECT name AS value, if(uid = '' OR uid = name, name, concat(name, ' (', uid, ')')) AS label
    FROM accounts FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND valid_to > valid_from AND valid_to > fromUnixTimestamp64Micro({to:Int64}, 'UTC') AND ({text:String} = '' OR positionCaseInsensitiveUTF8(label, {text:String}) > 0)
    UNION ALL
    -- a finding's identity is part of its fingerprint: every version of it has the same
    SELECT identity_name AS value, identity_name AS label
    FROM findings
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND ({text:String} = '' OR positionCaseInsensitiveUTF8(label, {text:String}) > 0)
    GROUP BY identity_name
    UNION ALL
    SELECT uid AS value, if(name = '', uid, concat(name, ' (', uid, ')')) AS label
    FROM identities FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND removed = 0 AND ({text:String} = '' OR positionCaseInsensitiveUTF8(label, {text:String}) > 0)
)
WHERE value != ''
GROUP BY value
ORDER BY value
LIMIT {limit:UInt64}
