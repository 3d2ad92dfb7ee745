SELECT team, feed, id, reason, detail, position, at, raw
FROM dead_letters FINAL
ORDER BY at DESC, team, feed, id
LIMIT {limit:UInt64}
