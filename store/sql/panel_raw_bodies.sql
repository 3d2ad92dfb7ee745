SELECT team, feed, id, toValidUTF8(substring(any(raw), 1, 65536))
FROM raw_events
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
  AND (empty({names:Array(String)}) OR actor IN {names:Array(String)})
  AND id IN {id:Array(String)}
GROUP BY team, feed, id
ORDER BY team, feed, id
LIMIT {limit:UInt64}
