SELECT
    team, provider, account, actor, actor_uid, permission, scope, via, feed,
    min(first) AS first_used,
    max(last) AS last_used,
    max(last_ref) AS ref,
    arraySort(groupUniqArrayArray(days)) AS used_days,
    min(first_denied) AS denied_from,
    max(last_denied) AS denied_to,
    arraySort(groupUniqArrayArray(groups)) AS all_groups
FROM usage
PREWHERE actor_uid IN ({bare_uids:Array(String)}) OR actor IN ({bare_names:Array(String)})
WHERE ({every:UInt8} = 1 OR team IN ({teams:Array(String)}))
  AND (has({uids:Array(String)}, concat(provider, '\x01', actor_uid)) OR has({names:Array(String)}, concat(provider, '\x01', actor)))
GROUP BY team, provider, account, actor, actor_uid, permission, scope, via, feed
ORDER BY greatest(last_used, denied_to) DESC, team, provider, account, actor, actor_uid, permission, scope, via, feed
LIMIT {limit:UInt64}
