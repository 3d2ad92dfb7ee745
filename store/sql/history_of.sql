SELECT team, fingerprint, at, state, verdict, severity, why, who
FROM finding_history FINAL
WHERE fingerprint = {fingerprint:String} AND ({every:UInt8} = 1 OR team IN ({teams:Array(String)}))
ORDER BY at, state, team
