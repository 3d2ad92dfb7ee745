SELECT at, team, feed, reason, state, detail, position, bytes, excerpt, id
FROM (
    SELECT
        d.at AS at, d.team AS team, d.feed AS feed, if(r.state = 'failed', r.reason, d.reason) AS reason, if(r.state IN ('', 'failed'), 'open', r.state) AS state,
        if(r.state = 'failed', r.detail, d.detail) AS detail, d.position AS position, d.bytes AS bytes, d.excerpt AS excerpt, d.id AS id
    FROM (
        SELECT at, team, feed, id, reason, detail, position, length(raw) AS bytes, toValidUTF8(substring(raw, 1, 256)) AS excerpt
        FROM dead_letters FINAL
        WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
          AND at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
          AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
    ) AS d
    LEFT JOIN (
        SELECT team, feed, letter, state, reason, detail
        FROM replays FINAL
        WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
    ) AS r ON r.team = d.team AND r.feed = d.feed AND r.letter = d.id
)
WHERE (empty({reason:Array(String)}) OR reason IN {reason:Array(String)})
  AND (empty({state:Array(String)}) OR state IN {state:Array(String)})
ORDER BY at DESC, team, feed, id
LIMIT {limit:UInt64}
