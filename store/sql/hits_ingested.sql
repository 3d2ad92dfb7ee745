SELECT team, rule, severity, why, feed, body
FROM hits
WHERE ingested >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
ORDER BY ingested DESC, event_id
LIMIT 1 BY team, rule, actor, severity
LIMIT {limit:UInt64}
