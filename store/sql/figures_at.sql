SELECT team, at, name, label, value
FROM figures FINAL
WHERE at = fromUnixTimestamp64Micro({at:Int64}, 'UTC') AND gone = 0
ORDER BY team, name, label
