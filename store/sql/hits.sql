SELECT team, rule, severity, why, feed, body
FROM hits FINAL
WHERE time >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
ORDER BY time, event_id, team, rule
