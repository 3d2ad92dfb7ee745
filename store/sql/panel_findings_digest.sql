SELECT fingerprint, toString(sipHash64(state, verdict, severity, handling)), version
FROM (
    SELECT fingerprint, state, verdict, severity, handling, version
    FROM findings FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
      AND version >= {after:Int64} AND (toInt64(version), fingerprint) > ({after:Int64}, {cursor:String})
    ORDER BY version, fingerprint
    LIMIT {limit:UInt64}
)
ORDER BY version, fingerprint
LIMIT {limit:UInt64}
