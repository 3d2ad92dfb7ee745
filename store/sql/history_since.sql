SELECT team, fingerprint, at, state, verdict, severity, why, who
FROM finding_history FINAL
WHERE at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
ORDER BY at, team, fingerprint, state
