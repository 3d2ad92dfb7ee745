SELECT feed, sum(received), sum(stored), sum(filtered), sum(dead) FROM grantwatch.batches FINAL GROUP BY feed ORDER BY feed
