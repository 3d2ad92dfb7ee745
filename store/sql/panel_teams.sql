SELECT DISTINCT value, value
FROM (
    SELECT toString(team) AS value FROM (SELECT team FROM findings WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) GROUP BY team)
    UNION ALL
    SELECT toString(team) AS value FROM (SELECT team FROM batches WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) GROUP BY team)
    UNION ALL
    SELECT toString(team) AS value FROM (SELECT team FROM evaluations WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) GROUP BY team)
    UNION ALL
    SELECT toString(team) AS value FROM (SELECT team FROM grants WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) GROUP BY team)
    UNION ALL
    SELECT toString(team) AS value FROM (SELECT team FROM figures WHERE team != '*' AND ({all:UInt8} = 1 OR team IN {teams:Array(String)}) GROUP BY team)
)
WHERE value != '' AND ({text:String} = '' OR positionCaseInsensitiveUTF8(value, {text:String}) > 0)
ORDER BY value
LIMIT {limit:UInt64}
