WITH bitShiftLeft(toUInt128(toUnixTimestamp64Micro(at)), 64) + version AS place -- the newest version of the newest moment
SELECT toStartOfInterval(at, toIntervalSecond({interval:Int64}), 'UTC') AS bucket, team, name, label, argMax(if(gone = 1, nan, value), place) AS last
FROM figures
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND (team != '*' OR has({teams:Array(String)}, '*'))
  AND name IN {figure:Array(String)}
  AND (empty({label:Array(String)}) OR label IN {label:Array(String)})
  AND at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
GROUP BY bucket, team, name, label
HAVING NOT isNaN(last)
ORDER BY bucket, team, name, label
LIMIT {limit:UInt64}
