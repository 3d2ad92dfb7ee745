SELECT
    team, feed, time, id, provider, account, class, log_class, action, access, outcome, error,
    actor_id, actor_uid, actor_name, actor_email, actor_kind, issuer, credential, actor,
    permission, scope, via, src_ip, user_agent, session, change_kind, change_subject, change_grant, flag,
    chain, groups, target_ids, target_types, attrs
FROM events
WHERE change_kind != '' AND time >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
ORDER BY time, id, team, feed
LIMIT 1 BY team, id
