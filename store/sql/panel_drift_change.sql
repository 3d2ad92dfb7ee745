SELECT
    toStartOfInterval(at, toIntervalSecond({interval:Int64}), 'UTC') AS bucket, team,
    argMaxIf(toNullable(value), at, name = 'drift_index'),
    argMaxIf(toNullable(value), at, name = 'drift_real'),
    argMaxIf(toNullable(value), at, name = 'drift_newly_visible')
FROM figures FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND gone = 0
  AND (team != '*' OR has({teams:Array(String)}, '*'))
  AND name IN ('drift_index', 'drift_real', 'drift_newly_visible')
  AND label = ''
  AND at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
GROUP BY bucket, team
ORDER BY bucket, team
LIMIT {limit:UInt64}
