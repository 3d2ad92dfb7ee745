SELECT fingerprint, toString(sipHash64(state, verdict, severity, handling)), version
FROM findings FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND (toInt64(version), fingerprint) > ({after:Int64}, {cursor:String})
ORDER BY version, fingerprint
LIMIT {limit:UInt64}
