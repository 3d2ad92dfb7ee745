SELECT
    exception_expires, toFloat64(dateDiff('second', fromUnixTimestamp64Micro({to:Int64}, 'UTC'), exception_expires)), team, kind, severity, identity_name, permission, resource, exception_approver, exception_reason, fingerprint
FROM findings FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND state = 'excepted'
  AND (empty({kind:Array(String)}) OR kind IN {kind:Array(String)})
  AND exception_expires < fromUnixTimestamp64Micro({to:Int64}, 'UTC') + toIntervalDay({days:Int64})
ORDER BY exception_expires, team, fingerprint
LIMIT {limit:UInt64}
