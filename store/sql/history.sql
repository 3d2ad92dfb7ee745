SELECT team, fingerprint, at, state, verdict, severity, why, who
FROM finding_history FINAL
WHERE fingerprint = {fingerprint:String}
ORDER BY at, state, team
