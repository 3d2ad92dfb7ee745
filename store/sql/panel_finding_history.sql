SELECT h.at, h.team, h.state, h.verdict, h.severity, f.kind, f.identity_name, f.permission, f.resource, h.why, h.who, h.fingerprint
FROM (
    SELECT at, team, fingerprint, state, verdict, severity, why, who
    FROM finding_history FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
      AND at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
      AND ({fingerprint:String} = '' OR fingerprint = {fingerprint:String})
      AND (empty({severity:Array(String)}) OR severity IN {severity:Array(String)})
      AND (empty({state:Array(String)}) OR state IN {state:Array(String)})
      AND ({identity:String} = '' OR (team, fingerprint) IN (
          SELECT team, fingerprint FROM findings FINAL
          WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND (identity_uid = {identity:String} OR identity_name = {identity:String})))
    ORDER BY at DESC, fingerprint, state
    LIMIT {limit:UInt64}
) AS h
LEFT JOIN (
    SELECT team, fingerprint, kind, identity_name, permission, resource
    FROM findings FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
) AS f ON f.team = h.team AND f.fingerprint = h.fingerprint
ORDER BY h.at DESC, h.fingerprint, h.state
