SELECT toStartOfInterval(ingested, toIntervalSecond({interval:Int64}), 'UTC') AS bucket, sum(received), sum(stored), sum(filtered), sum(dead), sum(flagged)
FROM batches FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND ingested >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND ingested < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
  AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
GROUP BY bucket
ORDER BY bucket WITH FILL
    FROM toStartOfInterval(fromUnixTimestamp64Micro({from:Int64}, 'UTC'), toIntervalSecond({interval:Int64}), 'UTC')
    TO toDateTime(fromUnixTimestamp64Micro({to:Int64}, 'UTC'), 'UTC') STEP toIntervalSecond({interval:Int64})
LIMIT {limit:UInt64}
