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
WHERE team = {team:String}
GROUP BY team, provider, account, actor, actor_uid, permission, scope, via, feed
HAVING greatest(last_used, denied_to) >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
ORDER BY team, provider, account, actor, actor_uid, permission, scope, via, feed
