SELECT team, entitlement, provider, account, taken_at, source, status, reason, grants, accounts, hash, seen_at, dated
FROM snapshots FINAL
WHERE team = {team:String} AND entitlement = {entitlement:String} AND provider = {provider:String} AND account = {account:String}
ORDER BY taken_at, source
