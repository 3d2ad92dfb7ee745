SELECT max(version)
FROM alert_troubles
