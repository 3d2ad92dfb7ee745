SELECT
    starts, ends,
    concat('no evidence from ', feed),
    concat(if(why = '', 'gap', why), if(blinds = 0, '', concat('; verdicts made UNVERIFIABLE on that day: ', toString(blinds)))),
    'gap',
    team, feed, why, toFloat64(dateDiff('millisecond', starts, ends)) / 1000, blinds
FROM (
    SELECT
        team, feed,
        parseDateTime64BestEffortOrZero(JSONExtractString(gap, 'from'), 3, 'UTC') AS starts,
        max(parseDateTime64BestEffortOrZero(JSONExtractString(gap, 'to'), 3, 'UTC')) AS ends,
        any(JSONExtractString(gap, 'why')) AS why,
        max(blinds) AS blinds
    FROM (
        SELECT team, feed, blinds, arrayJoin(JSONExtractArrayRaw(gaps)) AS gap
        FROM feed_days FINAL
        WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
          AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
          AND day >= toDate(fromUnixTimestamp64Micro({from:Int64}, 'UTC')) - 1 AND day <= toDate(fromUnixTimestamp64Micro({to:Int64}, 'UTC'))
    )
    GROUP BY team, feed, starts
)
WHERE ends > fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND starts < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
ORDER BY starts DESC, team, feed
LIMIT {limit:UInt64}
