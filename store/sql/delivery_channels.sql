SELECT DISTINCT channel
FROM deliveries FINAL
WHERE status NOT IN ('resolved', 'failed') AND NOT fingerprint LIKE '%:%'
ORDER BY channel
