SELECT DISTINCT value, text
FROM (
    SELECT DISTINCT toString(name) AS value, value AS text FROM figures WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
)
WHERE value != '' AND ({text:String} = '' OR positionCaseInsensitiveUTF8(concat(value, '\n', text), {text:String}) > 0)
ORDER BY text, value
LIMIT {limit:UInt64}
