SELECT value, value
FROM (
    SELECT toString(kind) AS value FROM (SELECT kind FROM findings WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) GROUP BY kind)
)
WHERE value != '' AND ({text:String} = '' OR positionCaseInsensitiveUTF8(value, {text:String}) > 0)
ORDER BY value
LIMIT {limit:UInt64}
