SELECT max(version)
FROM deliveries
