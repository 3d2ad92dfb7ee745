SELECT body
FROM identities FINAL
WHERE removed = 0
ORDER BY source, uid, start, place
