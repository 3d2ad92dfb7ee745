SELECT feed, count() FROM grantwatch.events GROUP BY feed ORDER BY feed
