SELECT (SELECT uniqExact(id) FROM grantwatch.events) + (SELECT uniqExact(id) FROM grantwatch.dead_letters)
