SELECT
    e.rule, e.runs, e.judged, e.found, toFloat64(e.judged) / e.runs, e.partial, e.skipped, h.hits, e.newest, e.why
FROM (
    SELECT
        rule, count() AS runs, sum(judged) AS judged, sum(findings) AS found, countIf(status = 'partial') AS partial, countIf(status = 'skipped') AS skipped,
        max(at) AS newest, argMaxIf(why, at, why != '') AS why
    FROM evaluations FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
      AND at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
    GROUP BY rule
) AS e
LEFT JOIN (
    SELECT rule, count() AS hits
    FROM hits FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
      AND time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
    GROUP BY rule
) AS h ON h.rule = e.rule
ORDER BY e.judged DESC, e.rule
LIMIT {limit:UInt64}
