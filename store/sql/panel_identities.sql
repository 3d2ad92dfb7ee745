SELECT value, any(label)
FROM (
    SELECT name AS value, if(uid = '' OR uid = name, name, concat(name, ' (', uid, ')')) AS label
    FROM accounts FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND valid_to > valid_from AND valid_to > fromUnixTimestamp64Micro({to:Int64}, 'UTC')
    UNION ALL
    SELECT identity_name AS value, identity_name AS label
    FROM findings FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
    UNION ALL
    SELECT uid AS value, if(JSONExtractString(body, 'name') = '', uid, concat(JSONExtractString(body, 'name'), ' (', uid, ')')) AS label
    FROM identities FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND removed = 0
)
WHERE value != '' AND ({text:String} = '' OR positionCaseInsensitiveUTF8(concat(value, '\n', label), {text:String}) > 0)
GROUP BY value
ORDER BY value
LIMIT {limit:UInt64}
