SELECT team, person, ended, revoked, open, evidence
FROM revocations FINAL
WHERE ended >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
ORDER BY team, person, ended
