SELECT toStartOfInterval(time, toIntervalSecond({interval:Int64}), 'UTC') AS bucket, team, rule, count()
FROM hits FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
  AND (empty({severity:Array(String)}) OR severity IN {severity:Array(String)})
  AND (empty({rule:Array(String)}) OR rule IN {rule:Array(String)})
GROUP BY bucket, team, rule
ORDER BY bucket, team, rule
LIMIT {limit:UInt64}
