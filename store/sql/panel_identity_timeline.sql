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
    time, team, feed, provider, account, action, outcome, if(error = '', '', error), permission,
    arrayStringConcat(arraySlice(target_ids, 1, 5), ', '), src_ip, user_agent, via, change_kind, change_subject, actor, session, id
FROM events
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
  AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
  AND (empty({outcome:Array(String)}) OR outcome IN {outcome:Array(String)})
  AND actor IN (SELECT name FROM names)
ORDER BY time DESC, id, team, feed
LIMIT 1 BY team, id
LIMIT {limit:UInt64}
