SELECT body
FROM handlings FINAL
ORDER BY team, fingerprint
