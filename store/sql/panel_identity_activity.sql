SELECT
    toStartOfInterval(time, toIntervalSecond({interval:Int64}), 'UTC') AS bucket,
    countIf(outcome = 'success'), countIf(outcome = 'denied'), countIf(outcome NOT IN ('success', 'denied'))
FROM events
PREWHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND actor IN {names:Array(String)}
  AND time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
  AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
GROUP BY bucket
ORDER BY bucket WITH FILL
    FROM toStartOfInterval(fromUnixTimestamp64Micro({from:Int64}, 'UTC'), toIntervalSecond({interval:Int64}), 'UTC')
    TO toDateTime(fromUnixTimestamp64Micro({to:Int64}, 'UTC'), 'UTC') STEP toIntervalSecond({interval:Int64})
LIMIT {limit:UInt64}
