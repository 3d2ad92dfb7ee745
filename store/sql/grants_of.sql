SELECT team, entitlement, provider, account, valid_from, argMax(valid_to, version) AS until, argMax(body, version) AS newest
FROM grants
PREWHERE subject IN ({subjects:Array(String)})
WHERE ({every:UInt8} = 1 OR team IN ({teams:Array(String)}))
  AND valid_from <= fromUnixTimestamp64Micro({at:Int64}, 'UTC')
GROUP BY team, entitlement, provider, account, id, valid_from
HAVING until > valid_from AND until > fromUnixTimestamp64Micro({at:Int64}, 'UTC')
ORDER BY team, entitlement, provider, account, id, valid_from
LIMIT {limit:UInt64}
