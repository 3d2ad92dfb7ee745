SELECT team, entitlement, provider, account, taken_at, source, status, reason, grants, accounts, hash, seen_at, dated
FROM snapshots FINAL
ORDER BY team, entitlement, provider, account, taken_at, source
