SELECT
    time,
    -- made only of those that are shown
    concat(action, ' ', outcome, if(error = '', '', concat(' (', error, ')')), if(actor = '', '', concat(' by ', actor)), if(src_ip = '', '', concat(' from ', src_ip)),
        if(target_ids_own = '', '', concat(' on ', arrayStringConcat(arraySlice(arrayPopBack(splitByChar('\0', target_ids_own)), 1, 5), ', ')))),
    multiIf(flag != '', 'warning', outcome = 'denied', 'warning', outcome = 'failure', 'error', 'info'),
    event,
    toJSONString(map('team', toString(team), 'feed', toString(feed), 'provider', toString(provider), 'account', toString(account), 'action', toString(action), 'outcome', toString(outcome), 'actor', actor, 'flag', toString(flag))),
    team, feed
FROM (
    SELECT time, action, outcome, error, actor, src_ip, target_ids_own, flag, id AS event, team, feed, provider, account
    FROM events
    PREWHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
      AND time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
      AND ({identity:String} = '' OR actor IN {names:Array(String)})
      AND (empty({provider:Array(String)}) OR provider IN {provider:Array(String)})
      AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
      AND (empty({outcome:Array(String)}) OR outcome IN {outcome:Array(String)})
    WHERE ({text:String} = '' OR positionCaseInsensitiveUTF8(concat(action, '\n', actor, '\n', error, '\n', src_ip, '\n', target_ids_own), {text:String}) > 0)
    ORDER BY time DESC, event, team, feed
    LIMIT 1 BY team, event
    LIMIT {limit:UInt64}
)
ORDER BY time DESC, event, team, feed
LIMIT {limit:UInt64}
