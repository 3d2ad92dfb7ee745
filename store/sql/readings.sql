SELECT team, feed, name, hash, account, region, records, dead
FROM readings FINAL
WHERE team = {team:String} AND feed = {feed:String} AND name IN ({names:Array(String)})
ORDER BY name, hash
