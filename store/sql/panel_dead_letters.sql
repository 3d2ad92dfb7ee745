WITH picked AS (
    SELECT at, team, feed, reason, state, detail, position, id
    FROM (
        SELECT
            d.at AS at, d.team AS team, d.feed AS feed, if(r.state = 'failed', r.reason, d.reason) AS reason, if(r.state IN ('', 'failed'), 'open', r.state) AS state,
            if(r.state = 'failed', r.detail, d.detail) AS detail, d.position AS position, d.id AS id
        FROM (
            SELECT at, team, feed, id, reason, detail, position
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
)
SELECT p.at, p.team, p.feed, p.reason, p.state, p.detail, p.position, b.bytes, b.excerpt, p.id
FROM picked AS p
LEFT JOIN (
    -- the bytes of those that are shown, and of no others
    SELECT team, feed, id, length(raw) AS bytes, toValidUTF8(substring(raw, 1, 256)) AS excerpt
    FROM dead_letters FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND (team, feed, id) IN (SELECT team, feed, id FROM picked)
) AS b ON b.team = p.team AND b.feed = p.feed AND b.id = p.id
ORDER BY p.at DESC, p.team, p.feed, p.id
