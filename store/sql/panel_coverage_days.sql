SELECT toDateTime(day, 'UTC') AS at, team, feed, covered
FROM feed_days FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
  AND day >= toDate(fromUnixTimestamp64Micro({from:Int64}, 'UTC')) AND day <= toDate(fromUnixTimestamp64Micro({to:Int64}, 'UTC'))
ORDER BY at, team, feed
LIMIT {limit:UInt64}
