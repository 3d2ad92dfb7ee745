SELECT team, feed, time, id, expires, raw
FROM raw_events
WHERE id IN ({ids:Array(String)}) AND ({team:String} = '' OR team = {team:String})
ORDER BY time, id, team, feed
LIMIT 1 BY team, feed, id
