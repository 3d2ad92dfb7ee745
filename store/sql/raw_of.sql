SELECT team, feed, time, id, expires, raw
FROM raw_events
WHERE id IN ({ids:Array(String)}) AND ({every:UInt8} = 1 OR team IN ({teams:Array(String)}))
ORDER BY time, id, team, feed
LIMIT 1 BY team, feed, id
LIMIT {limit:UInt64}
