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
, picked AS (
    SELECT
        time, team, feed, id, provider, account, action, outcome, actor, src_ip, flag,
        concat(action, ' ', outcome, if(error = '', '', concat(' (', error, ')')), if(actor = '', '', concat(' by ', actor)), if(src_ip = '', '', concat(' from ', src_ip)),
            if(empty(target_ids), '', concat(' on ', arrayStringConcat(arraySlice(target_ids, 1, 5), ', ')))) AS line
    FROM events
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
      AND time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
      AND (empty({provider:Array(String)}) OR provider IN {provider:Array(String)})
      AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
      AND (empty({outcome:Array(String)}) OR outcome IN {outcome:Array(String)})
      AND ({identity:String} = '' OR actor IN (SELECT name FROM names))
      AND ({text:String} = '' OR positionCaseInsensitiveUTF8(concat(action, '\n', actor, '\n', error, '\n', src_ip, '\n', arrayStringConcat(target_ids, '\n')), {text:String}) > 0)
    ORDER BY time DESC, id, team, feed
    LIMIT 1 BY team, id
    LIMIT {limit:UInt64}
)
SELECT
    p.time, if(r.raw = '', p.line, r.raw), multiIf(p.flag != '', 'warning', p.outcome = 'denied', 'warning', p.outcome = 'failure', 'error', 'info'), p.id,
    toJSONString(map('team', p.team, 'feed', p.feed, 'provider', p.provider, 'account', p.account, 'action', p.action, 'outcome', p.outcome, 'actor', p.actor, 'flag', p.flag,
        'form', if(r.raw = '', 'rendered', 'raw'))), p.team, p.feed
FROM picked AS p
LEFT JOIN (
    SELECT team, feed, id, toValidUTF8(substring(any(raw), 1, 65536)) AS raw
    FROM raw_events
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
      AND actor IN (SELECT actor FROM picked)
      AND id IN (SELECT id FROM picked)
      AND time >= (SELECT min(time) FROM picked) AND time <= (SELECT max(time) FROM picked)
    GROUP BY team, feed, id
) AS r ON r.team = p.team AND r.feed = p.feed AND r.id = p.id
ORDER BY p.time DESC, p.id, p.team
