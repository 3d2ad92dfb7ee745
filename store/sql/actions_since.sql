SELECT body
FROM actions FINAL
WHERE at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
ORDER BY at, id
