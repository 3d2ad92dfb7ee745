SELECT
    team, feed, argMax(blinds, day) AS last_blinds, avg(covered), argMax(grade, day), countIf(covered < 1), toDateTime(max(day), 'UTC')
FROM feed_days FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
  AND day >= toDate(fromUnixTimestamp64Micro({from:Int64}, 'UTC')) AND day <= toDate(fromUnixTimestamp64Micro({to:Int64}, 'UTC'))
GROUP BY team, feed
ORDER BY last_blinds DESC, team, feed
LIMIT {limit:UInt64}
