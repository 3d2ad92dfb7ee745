SELECT
    b.team, b.feed, d.share, d.blinds, b.newest, toFloat64(dateDiff('second', b.newest, fromUnixTimestamp64Micro({to:Int64}, 'UTC'))), b.read,
    b.received, b.stored, b.filtered, b.dead, b.flagged, arrayStringConcat(arraySort(b.accounts), ', ')
FROM (
    SELECT
        team, feed, sum(received) AS received, sum(stored) AS stored, sum(filtered) AS filtered, sum(dead) AS dead, sum(flagged) AS flagged,
        max(newest) AS newest, max(ingested) AS read, groupUniqArrayArray(20)(accounts) AS accounts
    FROM batches FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
    GROUP BY team, feed
) AS b
LEFT JOIN (
    SELECT team, feed, toNullable(avg(covered)) AS share, argMax(blinds, day) AS blinds
    FROM feed_days FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
      AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
      AND day >= toDate(fromUnixTimestamp64Micro({from:Int64}, 'UTC')) AND day <= toDate(fromUnixTimestamp64Micro({to:Int64}, 'UTC'))
    GROUP BY team, feed
) AS d ON d.team = b.team AND d.feed = b.feed
ORDER BY b.team, b.feed
LIMIT {limit:UInt64}
