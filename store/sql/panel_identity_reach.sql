WITH direct AS (
    SELECT team, entitlement, provider, account, id, subject, permission, resource, valid_from, body
    FROM grants FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
      AND valid_to > valid_from AND valid_from < fromUnixTimestamp64Micro({to:Int64}, 'UTC') AND valid_to >= fromUnixTimestamp64Micro({to:Int64}, 'UTC')
      AND subject IN {names:Array(String)}
), through AS (
    SELECT team, entitlement, provider, account, id, subject, permission, resource, valid_from, body
    FROM grants FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
      AND valid_to > valid_from AND valid_from < fromUnixTimestamp64Micro({to:Int64}, 'UTC') AND valid_to >= fromUnixTimestamp64Micro({to:Int64}, 'UTC')
      AND subject IN (SELECT resource FROM direct WHERE JSONExtractString(body, 'kind') = 'membership')
)
SELECT
    g.provider, g.account, g.permission, g.resource, g.subject, JSONExtractString(g.body, 'kind'), JSONExtractString(g.body, 'path'),
    if(JSONExtractBool(g.body, 'privileged'), 'yes', 'no'), f.verdict, f.severity,
    parseDateTime64BestEffortOrZero(JSONExtractString(g.body, 'granted_at'), 3, 'UTC'), JSONExtractString(g.body, 'granted_by'),
    parseDateTime64BestEffortOrZero(JSONExtractString(g.body, 'expires_at'), 3, 'UTC'), g.valid_from, g.team, g.id
FROM (SELECT * FROM direct UNION ALL SELECT * FROM through) AS g
LEFT JOIN (
    SELECT team, grant_id, any(verdict) AS verdict, any(severity) AS severity
    FROM findings FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND state IN ('open', 'reopened') AND grant_id != ''
      AND kind = 'UNUSED_GRANT'
    GROUP BY team, grant_id
) AS f ON f.team = g.team AND f.grant_id = g.id
ORDER BY g.provider, g.account, g.permission, g.resource, g.id
LIMIT {limit:UInt64}
