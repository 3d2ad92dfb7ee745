SELECT
    time, team, feed, provider, account, action, outcome, if(error = '', '', error), permission,
    arrayStringConcat(arraySlice(target_ids, 1, 5), ', '), src_ip, user_agent, via, change_kind, change_subject, actor, session, id
FROM events
PREWHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND actor IN {names:Array(String)}
  AND time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
  AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
  AND (empty({outcome:Array(String)}) OR outcome IN {outcome:Array(String)})
ORDER BY time DESC, id, team, feed
LIMIT 1 BY team, id
LIMIT {limit:UInt64}
