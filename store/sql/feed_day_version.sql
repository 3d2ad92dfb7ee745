SELECT max(version)
FROM feed_days
