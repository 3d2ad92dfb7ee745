SELECT
    toStartOfInterval(at, toIntervalSecond({interval:Int64}), 'UTC') AS bucket,
    countIf(state IN ('open', 'reopened') AND verdict != 'UNVERIFIABLE'),
    countIf(state IN ('open', 'reopened') AND verdict = 'UNVERIFIABLE'),
    countIf(state = 'excepted'),
    countIf(state = 'resolved')
FROM finding_history FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
  AND (empty({severity:Array(String)}) OR severity IN {severity:Array(String)})
GROUP BY bucket
ORDER BY bucket WITH FILL
    FROM toStartOfInterval(fromUnixTimestamp64Micro({from:Int64}, 'UTC'), toIntervalSecond({interval:Int64}), 'UTC')
    TO toDateTime(fromUnixTimestamp64Micro({to:Int64}, 'UTC'), 'UTC') STEP toIntervalSecond({interval:Int64})
LIMIT {limit:UInt64}
