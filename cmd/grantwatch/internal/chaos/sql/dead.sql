SELECT uniqExact(id) FROM grantwatch.dead_letters
