SELECT toStartOfInterval(ingested, toIntervalSecond({interval:Int64}), 'UTC') AS bucket, team, feed, toFloat64(sum(received)) / {interval:Int64}
FROM batches FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND ingested >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND ingested < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
  AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
GROUP BY bucket, team, feed
ORDER BY bucket, team, feed
LIMIT {limit:UInt64}
