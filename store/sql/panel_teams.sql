SELECT DISTINCT value, text
FROM (
    SELECT DISTINCT toString(team) AS value, value AS text FROM findings WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
    UNION ALL
    SELECT DISTINCT toString(team) AS value, value AS text FROM batches WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
    UNION ALL
    SELECT DISTINCT toString(team) AS value, value AS text FROM evaluations WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
    UNION ALL
    SELECT DISTINCT toString(team) AS value, value AS text FROM grants WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
    UNION ALL
    SELECT DISTINCT toString(team) AS value, value AS text FROM figures WHERE team != '*' AND ({all:UInt8} = 1 OR team IN {teams:Array(String)})
)
WHERE value != '' AND ({text:String} = '' OR positionCaseInsensitiveUTF8(concat(value, '\n', text), {text:String}) > 0)
ORDER BY text, value
LIMIT {limit:UInt64}
