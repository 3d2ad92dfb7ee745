SELECT max(version)
FROM governance
