SELECT count() FROM grantwatch.events WHERE flag != ''
