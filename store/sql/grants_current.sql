SELECT team, entitlement, provider, account, valid_from, valid_to, body
FROM grants FINAL
WHERE entitlement = {entitlement:String} AND provider = {provider:String} AND account = {account:String}
  AND valid_to > valid_from AND valid_to >= fromUnixTimestamp64Micro({open:Int64}, 'UTC')
ORDER BY team, id, valid_from
