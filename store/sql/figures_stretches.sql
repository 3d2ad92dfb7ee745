SELECT team, max(at) AS newest, name, label, argMax(value, at) AS last
FROM
(
    SELECT team, at, name, label, value, arrayCount(b -> toUnixTimestamp64Micro(at) >= b, {bounds:Array(Int64)}) AS slot
    FROM figures FINAL
    WHERE at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC') AND gone = 0
)
GROUP BY team, name, label, slot
ORDER BY team, name, label, newest
