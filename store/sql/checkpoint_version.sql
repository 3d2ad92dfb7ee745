SELECT max(version)
FROM checkpoints
WHERE feed = {feed:String}
