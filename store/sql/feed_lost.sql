SELECT team, feed, count()
FROM dead_letters FINAL
WHERE reason != 'unsupported'
GROUP BY team, feed
ORDER BY team, feed
