SELECT feed, time
FROM canaries FINAL
WHERE kind = {kind:String} AND time >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
ORDER BY feed, time
