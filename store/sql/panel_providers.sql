SELECT DISTINCT value, text
FROM (
    SELECT DISTINCT toString(provider) AS value, value AS text FROM findings WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
    UNION ALL
    SELECT DISTINCT toString(provider) AS value, value AS text FROM grants WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
    UNION ALL
    SELECT DISTINCT toString(provider) AS value, value AS text FROM credential_answers WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
)
WHERE value != '' AND ({text:String} = '' OR positionCaseInsensitiveUTF8(concat(value, '\n', text), {text:String}) > 0)
ORDER BY text, value
LIMIT {limit:UInt64}
