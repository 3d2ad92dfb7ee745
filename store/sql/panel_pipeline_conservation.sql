SELECT team, feed, sum(received) - sum(stored) - sum(filtered) - sum(dead)
FROM batches FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
GROUP BY team, feed
ORDER BY team, feed
LIMIT {limit:UInt64}
