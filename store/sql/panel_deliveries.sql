SELECT d.at, d.channel, d.status, f.team, f.severity, f.kind, f.identity_name, f.state, d.fingerprint
FROM (
    SELECT channel, fingerprint, at, status
    FROM deliveries FINAL
    WHERE at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
      AND (empty({status:Array(String)}) OR status IN {status:Array(String)})
) AS d
INNER JOIN (
    SELECT team, fingerprint, severity, kind, identity_name, state
    FROM findings FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
) AS f ON f.fingerprint = d.fingerprint
ORDER BY d.at DESC, d.channel, d.fingerprint
LIMIT {limit:UInt64}
