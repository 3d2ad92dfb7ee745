SELECT count() FROM grantwatch.events WHERE feed = 'aws-push'
