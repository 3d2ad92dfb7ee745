SELECT
    severity, kind, verdict, state, handling, team, identity_name, identity_kind, identity_owner,
    permission, resource, provider, account, feed, rule, why, proposal,
    first_seen, last_seen, toFloat64(dateDiff('second', first_seen, fromUnixTimestamp64Micro({to:Int64}, 'UTC'))), identity_uid, fingerprint
FROM findings FINAL
WHERE (team, fingerprint) IN (
    SELECT team, fingerprint
    FROM findings FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
      AND (empty({provider:Array(String)}) OR provider IN {provider:Array(String)})
      AND (empty({kind:Array(String)}) OR kind IN {kind:Array(String)})
      AND (empty({severity:Array(String)}) OR severity IN {severity:Array(String)})
      AND (empty({verdict:Array(String)}) OR verdict IN {verdict:Array(String)})
      AND (empty({state:Array(String)}) OR state IN {state:Array(String)})
      AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
      AND ({identity:String} = '' OR identity_uid = {identity:String} OR identity_name = {identity:String})
      AND (empty({fingerprint:Array(String)}) OR fingerprint IN {fingerprint:Array(String)})
      AND ({text:String} = '' OR positionCaseInsensitiveUTF8(concat(identity_name, '\n', permission, '\n', resource, '\n', feed, '\n', identity_owner, '\n', account), {text:String}) > 0)
    ORDER BY transform(severity, ['info', 'low', 'medium', 'high', 'critical'], [1, 2, 3, 4, 5], 0) DESC, verdict = 'UNVERIFIABLE', first_seen DESC, fingerprint
    LIMIT {limit:UInt64}
)
ORDER BY transform(severity, ['info', 'low', 'medium', 'high', 'critical'], [1, 2, 3, 4, 5], 0) DESC, verdict = 'UNVERIFIABLE', first_seen DESC, fingerprint
LIMIT {limit:UInt64}
