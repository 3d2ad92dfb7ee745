SELECT team, layer, recommendation, candidate, rule, why, counterfactual, since, at
FROM governance FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
ORDER BY team, layer, at DESC
LIMIT 1 BY team, layer
LIMIT {limit:UInt64}
