SELECT max(at)
FROM figures
WHERE at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC') AND gone = 0
