SELECT
    f.team, f.open, f.critical, f.high, f.unverifiable, f.excepted, f.grants, f.coverage, f.visibility, f.drift_index, f.drift_real, f.drift_newly_visible,
    f.revocation_median, f.revocation_p95, f.nhi_ratio, f.expiring, g.policy, g.execution, f.evaluated
FROM (
    SELECT
        team,
        maxIf(v, name = 'open' AND label = '') AS open,
        maxIf(v, name = 'severity' AND label = 'critical') AS critical,
        maxIf(v, name = 'severity' AND label = 'high') AS high,
        maxIf(v, name = 'unverifiable' AND label = '') AS unverifiable,
        maxIf(v, name = 'excepted' AND label = '') AS excepted,
        maxIf(v, name = 'grants' AND label = '') AS grants,
        maxIf(v, name = 'coverage' AND label = '') AS coverage,
        maxIf(v, name = 'visibility' AND label = '') AS visibility,
        maxIf(v, name = 'drift_index' AND label = '') AS drift_index,
        maxIf(v, name = 'drift_real' AND label = '') AS drift_real,
        maxIf(v, name = 'drift_newly_visible' AND label = '') AS drift_newly_visible,
        maxIf(v, name = 'revocation_median_hours' AND label = '') AS revocation_median,
        maxIf(v, name = 'revocation_p95_hours' AND label = '') AS revocation_p95,
        maxIf(v, name = 'nhi_ratio' AND label = '') AS nhi_ratio,
        maxIf(v, name = 'exceptions_expiring_14d' AND label = '') AS expiring,
        max(at) AS evaluated
    FROM (
        SELECT team, name, label, at, v, maxIf(at, name = 'open' AND label = '') OVER (PARTITION BY team) AS newest
        FROM (
            -- A moment's figures lie together (the projection by_moment): read from the oldest of the teams' newest moments on.
            SELECT team, name, label, at, if(argMax(gone, version) = 1, NULL, argMax(toNullable(value), version)) AS v
            FROM figures
            WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND (team != '*' OR has({teams:Array(String)}, '*'))
              AND label IN ('', 'critical', 'high')
              AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
              AND at >= (
                  SELECT min(moment)
                  FROM (SELECT max(at) AS moment FROM figures WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND name = 'open' AND label = '' AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC') GROUP BY team)
              )
            GROUP BY team, name, label, at
        )
    )
    WHERE at = newest
    GROUP BY team
) AS f
LEFT JOIN (
    SELECT team, argMaxIf(recommendation, at, layer = 'policy') AS policy, argMaxIf(recommendation, at, layer = 'execution') AS execution
    FROM governance FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
    GROUP BY team
) AS g ON g.team = f.team
ORDER BY f.team
LIMIT {limit:UInt64}
