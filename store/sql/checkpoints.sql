SELECT feed, source, position, identity, body
FROM checkpoints FINAL
WHERE feed = {feed:String}
ORDER BY source
