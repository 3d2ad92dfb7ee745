SELECT rule, team, at, window_from, window_to, status, judged, findings, why
FROM evaluations FINAL
WHERE at = fromUnixTimestamp64Micro({at:Int64}, 'UTC')
ORDER BY rule, team
