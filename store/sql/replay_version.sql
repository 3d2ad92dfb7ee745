SELECT max(version)
FROM replays
WHERE feed = {feed:String}
