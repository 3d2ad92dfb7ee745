SELECT
    h.at,
    concat(if(h.state = 'reopened', 'reopened: ', ''), f.kind, if(f.identity_name = '', '', concat(' ', f.identity_name))),
    concat(h.severity, ' ', h.verdict, if(f.permission = '', '', concat(': ', f.permission, if(f.resource = '', '', concat(' on ', f.resource)))), if(h.why = '', '', concat(' (', h.why, ')'))),
    concat('finding,', h.severity, ',', f.kind),
    h.team, h.severity, h.fingerprint
FROM (
    SELECT *, rowNumberInAllBlocks() AS n
    FROM (
        SELECT at, team, fingerprint, state, verdict, severity, why
        FROM finding_history FINAL
        WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
          AND at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
          AND state IN ('open', 'reopened')
          AND (empty({severity:Array(String)}) OR severity IN {severity:Array(String)})
          -- before the limit: otherwise those of other kinds would take the place of the ones that were asked for
          AND (empty({kind:Array(String)}) OR (team, fingerprint) IN (
              SELECT team, fingerprint FROM findings FINAL
              WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND kind IN {kind:Array(String)}
          ))
        ORDER BY transform(severity, ['info', 'low', 'medium', 'high', 'critical'], [1, 2, 3, 4, 5], 0) DESC, at DESC, fingerprint
        LIMIT {limit:UInt64}
    )
) AS h
INNER JOIN (
    SELECT team, fingerprint, kind, identity_name, permission, resource
    FROM findings FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
) AS f ON f.team = h.team AND f.fingerprint = h.fingerprint
-- the least grave, by which it is told that there are more, comes last
ORDER BY h.n + 1 = {limit:UInt64}, h.at, h.fingerprint
