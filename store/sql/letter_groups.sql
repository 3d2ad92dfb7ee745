SELECT team, feed, reason, state, count(), min(at), max(at), sum(length(raw))
FROM (
    SELECT d.team AS team, d.feed AS feed, d.id AS id, if(r.state = 'failed', r.reason, d.reason) AS reason,
        if(r.state = 'failed', r.detail, d.detail) AS detail, d.position AS position, d.at AS at, d.raw AS raw,
        if(r.state IN ('', 'failed'), 'open', r.state) AS state, r.replay AS replay, r.at AS claimed
    FROM dead_letters AS d FINAL
    LEFT JOIN (SELECT * FROM replays FINAL) AS r ON r.team = d.team AND r.feed = d.feed AND r.letter = d.id
)
WHERE ({team:String} = '' OR team = {team:String})
  AND ({feed:String} = '' OR feed = {feed:String})
  AND ({reason:String} = '' OR reason = {reason:String})
  AND ({state:String} = '' OR state = {state:String})
  AND at >= fromUnixTimestamp64Micro({since:Int64}) AND at < fromUnixTimestamp64Micro({until:Int64})
GROUP BY team, feed, reason, state
ORDER BY team, feed, reason, state
