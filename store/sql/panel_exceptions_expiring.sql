SELECT
    expires, toFloat64(dateDiff('second', fromUnixTimestamp64Micro({to:Int64}, 'UTC'), expires)), team, kind, severity, identity, permission, resource, approver, reason, fingerprint
FROM (
    SELECT
        parseDateTime64BestEffortOrZero(JSONExtractString(body, 'exception', 'expires'), 3, 'UTC') AS expires, team, kind, severity, identity_name AS identity, permission, resource,
        JSONExtractString(body, 'exception', 'approver') AS approver, JSONExtractString(body, 'exception', 'reason') AS reason, fingerprint
    FROM findings FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND state = 'excepted'
      AND (empty({kind:Array(String)}) OR kind IN {kind:Array(String)})
)
WHERE expires < fromUnixTimestamp64Micro({to:Int64}, 'UTC') + toIntervalDay({days:Int64})
ORDER BY expires, team, fingerprint
LIMIT {limit:UInt64}
