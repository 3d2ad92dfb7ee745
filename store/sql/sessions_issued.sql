SELECT
    team, provider, credential,
    max(parent_uid), max(parent), max(parent_cred), max(role),
    max(issued) AS issued_at,
    min(first) AS first_used,
    max(last) AS last_used
FROM sessions
GROUP BY team, provider, credential
HAVING (max(parent) != '' OR max(role) != '') AND greatest(issued_at, last_used) >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
ORDER BY team, provider, credential
