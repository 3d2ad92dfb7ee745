SELECT team, entitlement, provider, account, valid_from, valid_to, body
FROM accounts FINAL
WHERE valid_to > valid_from
  AND valid_from <= fromUnixTimestamp64Micro({at:Int64}, 'UTC')
  AND (valid_to > fromUnixTimestamp64Micro({at:Int64}, 'UTC') OR valid_to >= fromUnixTimestamp64Micro({closed:Int64}, 'UTC'))
ORDER BY team, entitlement, provider, account, id, valid_from
