SELECT
    kind,
    countIf(state IN ('open', 'reopened') AND verdict != 'UNVERIFIABLE'),
    countIf(state IN ('open', 'reopened') AND verdict = 'UNVERIFIABLE'),
    countIf(state = 'excepted')
FROM findings FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND state != 'resolved'
  AND (empty({provider:Array(String)}) OR provider IN {provider:Array(String)})
  AND (empty({kind:Array(String)}) OR kind IN {kind:Array(String)})
  AND (empty({severity:Array(String)}) OR severity IN {severity:Array(String)})
  AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
  AND ({identity:String} = '' OR identity_uid = {identity:String} OR identity_name = {identity:String})
GROUP BY kind
ORDER BY countIf(state IN ('open', 'reopened')) DESC, kind
LIMIT {limit:UInt64}
