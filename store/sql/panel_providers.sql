SELECT DISTINCT value, value
FROM (
    SELECT toString(provider) AS value FROM (SELECT provider FROM findings WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) GROUP BY provider)
    UNION ALL
    SELECT toString(provider) AS value FROM (SELECT provider FROM grants WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) GROUP BY provider)
    UNION ALL
    SELECT toString(provider) AS value FROM (SELECT provider FROM credential_answers WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) GROUP BY provider)
)
WHERE value != '' AND ({text:String} = '' OR positionCaseInsensitiveUTF8(value, {text:String}) > 0)
ORDER BY value
LIMIT {limit:UInt64}
