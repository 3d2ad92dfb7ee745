SELECT team, entitlement, provider, account, valid_from, valid_to, body
FROM grants FINAL
WHERE subject IN ({subjects:Array(String)})
  AND ({every:UInt8} = 1 OR team IN ({teams:Array(String)}))
  AND valid_to > valid_from
  AND valid_from <= fromUnixTimestamp64Micro({at:Int64}, 'UTC')
  AND valid_to > fromUnixTimestamp64Micro({at:Int64}, 'UTC')
ORDER BY team, entitlement, provider, account, id, valid_from
LIMIT {limit:UInt64}
