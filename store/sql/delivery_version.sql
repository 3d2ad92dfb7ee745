SELECT max(version)
FROM deliveries
WHERE channel = {channel:String}
