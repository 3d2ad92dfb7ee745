SELECT
    team, feed,
    countIf(verdict != 'UNVERIFIABLE'),
    countIf(verdict = 'UNVERIFIABLE')
FROM findings FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND state IN ('open', 'reopened')
  AND feed != ''
  AND (empty({kind:Array(String)}) OR kind IN {kind:Array(String)})
  AND (empty({severity:Array(String)}) OR severity IN {severity:Array(String)})
  AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
GROUP BY team, feed
ORDER BY 3 DESC, 4 DESC, team, feed
LIMIT {limit:UInt64}
