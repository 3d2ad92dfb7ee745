WITH names AS (
    SELECT {identity:String} AS name
    UNION ALL
    SELECT name FROM accounts FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND valid_to > valid_from AND (uid = {identity:String} OR name = {identity:String})
    UNION ALL
    SELECT JSONExtractString(alias, 'name')
    FROM identities FINAL
    ARRAY JOIN JSONExtractArrayRaw(body, 'aliases') AS alias
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND removed = 0 AND position(body, {identity:String}) > 0
      AND (uid = {identity:String} OR JSONExtractString(body, 'name') = {identity:String} OR JSONExtractString(body, 'email') = {identity:String})
)
SELECT
    toStartOfInterval(time, toIntervalSecond({interval:Int64}), 'UTC') AS bucket,
    countIf(outcome = 'success'), countIf(outcome = 'denied'), countIf(outcome NOT IN ('success', 'denied'))
FROM events
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
  AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
  AND actor IN (SELECT name FROM names)
GROUP BY bucket
ORDER BY bucket WITH FILL
    FROM toStartOfInterval(fromUnixTimestamp64Micro({from:Int64}, 'UTC'), toIntervalSecond({interval:Int64}), 'UTC')
    TO toDateTime(fromUnixTimestamp64Micro({to:Int64}, 'UTC'), 'UTC') STEP toIntervalSecond({interval:Int64})
LIMIT {limit:UInt64}
