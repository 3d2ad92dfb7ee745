SELECT DISTINCT account, region
FROM readings
WHERE team = {team:String} AND feed = {feed:String}
ORDER BY account, region
