SELECT team, feed, id, reason, detail, position, at, raw
FROM dead_letters FINAL
WHERE team = {team:String} AND ({feed:String} = '' OR feed = {feed:String})
ORDER BY at DESC, id
LIMIT {limit:UInt64}
