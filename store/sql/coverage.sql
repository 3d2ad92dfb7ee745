SELECT team, feed, minute, min(first) AS first_seen, max(last) AS last_seen
FROM coverage
WHERE minute >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
GROUP BY team, feed, minute
ORDER BY team, feed, minute
