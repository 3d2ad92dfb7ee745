SELECT rule, team, at, window_from, window_to, status, judged, findings, why
FROM evaluations FINAL
WHERE at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
ORDER BY at, rule, team
