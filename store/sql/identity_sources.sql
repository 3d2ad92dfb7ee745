SELECT source, max(as_of), countIf(removed = 0)
FROM identities FINAL
GROUP BY source
ORDER BY source
