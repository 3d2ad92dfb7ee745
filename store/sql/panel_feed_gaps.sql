SELECT
    starts, ends,
    concat('no evidence from ', feed),
    concat(if(why = '', 'gap', why), if(blinds = 0, '', concat('; verdicts made UNVERIFIABLE by a day of it: ', toString(blinds)))),
    'gap',
    team, feed, why, toFloat64(dateDiff('second', starts, ends)), blinds
FROM (
    -- the days of one gap put together again
    SELECT team, feed, min(begins) AS starts, max(finishes) AS ends, any(reason) AS why, max(made) AS blinds
    FROM (
        SELECT *, sum(fresh) OVER (PARTITION BY team, feed ORDER BY begins, finishes) AS island
        FROM (
            SELECT *, begins > max(finishes) OVER (PARTITION BY team, feed ORDER BY begins, finishes ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS fresh
            FROM (
                SELECT
                    team, feed, blinds AS made, JSONExtractString(gap, 'why') AS reason,
                    parseDateTime64BestEffortOrZero(JSONExtractString(gap, 'from'), 3, 'UTC') AS begins,
                    parseDateTime64BestEffortOrZero(JSONExtractString(gap, 'to'), 3, 'UTC') AS finishes
                FROM (
                    SELECT team, feed, blinds, arrayJoin(JSONExtractArrayRaw(gaps)) AS gap
                    FROM feed_days FINAL
                    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
                      AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
                      AND day >= toDate(fromUnixTimestamp64Micro({from:Int64}, 'UTC')) - 1 AND day <= toDate(fromUnixTimestamp64Micro({to:Int64}, 'UTC'))
                )
            )
        )
    )
    GROUP BY team, feed, island
)
WHERE ends > fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND starts < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
ORDER BY starts DESC, team, feed
LIMIT {limit:UInt64}
