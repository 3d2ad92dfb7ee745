SELECT toStartOfInterval(at, toIntervalSecond({interval:Int64}), 'UTC') AS bucket, team, name, label, argMax(value, at)
FROM figures FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND gone = 0
  AND (team != '*' OR has({teams:Array(String)}, '*'))
  AND name IN {figure:Array(String)}
  AND (empty({label:Array(String)}) OR label IN {label:Array(String)})
  AND at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
GROUP BY bucket, team, name, label
ORDER BY bucket, team, name, label
LIMIT {limit:UInt64}
