SELECT at, rule, team, status, judged, findings, window_from, window_to, why
FROM evaluations FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
  AND (empty({rule:Array(String)}) OR rule IN {rule:Array(String)})
  AND (empty({status:Array(String)}) OR status IN {status:Array(String)})
ORDER BY at DESC, status = 'evaluated', rule, team
LIMIT {limit:UInt64}
