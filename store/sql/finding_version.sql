SELECT max(version)
FROM findings
