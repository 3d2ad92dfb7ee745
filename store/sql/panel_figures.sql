SELECT value, value
FROM (
    SELECT toString(name) AS value FROM (SELECT name FROM figures WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) GROUP BY name)
)
WHERE value != '' AND ({text:String} = '' OR positionCaseInsensitiveUTF8(value, {text:String}) > 0)
ORDER BY value
LIMIT {limit:UInt64}
