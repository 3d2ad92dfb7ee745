SELECT team, feed, toUnixTimestamp(minute), toUnixTimestamp64Milli(min(first)), toUnixTimestamp64Milli(max(last))
FROM grantwatch.coverage
GROUP BY team, feed, minute
