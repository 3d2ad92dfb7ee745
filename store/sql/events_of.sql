SELECT
    team, feed, time, id, provider, account, class, log_class, action, access, outcome, error,
    actor_id, actor_uid, actor_name, actor_email, actor_kind, issuer, credential, actor,
    permission, scope, via, src_ip, user_agent, session, change_kind, change_subject, change_grant, flag,
    chain, groups, target_ids, target_types, attrs
FROM events
PREWHERE actor_uid IN ({bare_uids:Array(String)}) OR actor IN ({bare_names:Array(String)})
WHERE ({every:UInt8} = 1 OR team IN ({teams:Array(String)}))
  AND time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
  AND toStartOfFiveMinutes(time) >= toStartOfFiveMinutes(fromUnixTimestamp64Micro({from:Int64}, 'UTC'))
  AND toStartOfFiveMinutes(time) <= toStartOfFiveMinutes(fromUnixTimestamp64Micro({to:Int64}, 'UTC'))
  AND (has({uids:Array(String)}, concat(provider, '\x01', actor_uid)) OR has({names:Array(String)}, concat(provider, '\x01', actor)))
ORDER BY time DESC, id, team, feed
LIMIT 1 BY team, id
LIMIT {limit:UInt64}
