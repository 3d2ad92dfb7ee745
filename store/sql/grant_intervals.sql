SELECT id, valid_from, valid_to, hash
FROM grants FINAL
WHERE team = {team:String} AND entitlement = {entitlement:String} AND provider = {provider:String} AND account = {account:String}
  AND valid_to > valid_from AND valid_to > fromUnixTimestamp64Micro({at:Int64}, 'UTC') AND valid_from <= fromUnixTimestamp64Micro({next:Int64}, 'UTC')
