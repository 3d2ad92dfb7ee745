WITH bitShiftLeft(toUInt128(toUnixTimestamp64Micro(at)), 64) + version AS place -- the newest version of the newest moment
SELECT
    toStartOfInterval(at, toIntervalSecond({interval:Int64}), 'UTC') AS bucket, team,
    argMaxOrNullIf(if(gone = 1, nan, value), place, name = 'visibility'),
    argMaxOrNullIf(if(gone = 1, nan, value), place, name = 'coverage')
FROM figures
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND (team != '*' OR has({teams:Array(String)}, '*'))
  AND name IN ('visibility', 'coverage')
  AND label = ''
  AND at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
GROUP BY bucket, team
ORDER BY bucket, team
LIMIT {limit:UInt64}
