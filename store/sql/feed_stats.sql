SELECT
    team, feed,
    sum(received), sum(stored), sum(filtered), sum(dead), sum(flagged),
    count(),
    max(newest),
    max(ingested),
    sumForEach(arrayMap(n -> toUInt64(n), lateness)),
    groupUniqArrayArray(accounts)
FROM batches FINAL
GROUP BY team, feed
ORDER BY team, feed
