SELECT body
FROM alert_troubles FINAL
WHERE open
ORDER BY channel
