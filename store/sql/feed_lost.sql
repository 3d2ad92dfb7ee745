SELECT team, feed, count()
FROM dead_letters FINAL
WHERE reason != 'unsupported' AND (team, feed, id) NOT IN (SELECT team, feed, letter FROM replays FINAL WHERE state = 'replayed')
GROUP BY team, feed
ORDER BY team, feed
