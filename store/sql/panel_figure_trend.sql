SELECT toStartOfInterval(at, toIntervalSecond({interval:Int64}), 'UTC') AS bucket, team, name, label, argMax(value, (at, version))
FROM figures
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND (team != '*' OR has({teams:Array(String)}, '*'))
  AND name IN {figure:Array(String)}
  AND (empty({label:Array(String)}) OR label IN {label:Array(String)})
  AND at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
GROUP BY bucket, team, name, label
HAVING argMax(gone, (at, version)) = 0
ORDER BY bucket, team, name, label
LIMIT {limit:UInt64}
