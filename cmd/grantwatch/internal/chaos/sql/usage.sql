SELECT team, provider, account, actor, actor_uid, permission, scope, via, feed,
    toUnixTimestamp64Micro(min(first)), toUnixTimestamp64Micro(max(last)), max(last_ref),
    arrayStringConcat(arrayMap(d -> toString(d), arraySort(groupUniqArrayArray(days))), ' '),
    toUnixTimestamp64Micro(min(first_denied)), toUnixTimestamp64Micro(max(last_denied))
FROM grantwatch.usage
GROUP BY team, provider, account, actor, actor_uid, permission, scope, via, feed
