SELECT team, fingerprint, max(at) AS newest, argMax(state, (at, state)), argMax(verdict, (at, state)), argMax(severity, (at, state)), argMax(why, (at, state)), argMax(who, (at, state))
FROM finding_history FINAL
WHERE at <= fromUnixTimestamp64Micro({at:Int64}, 'UTC')
GROUP BY team, fingerprint
ORDER BY team, fingerprint
