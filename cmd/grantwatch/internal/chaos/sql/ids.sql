SELECT id, count() FROM grantwatch.events GROUP BY id
