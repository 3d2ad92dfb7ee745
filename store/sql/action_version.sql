SELECT max(version)
FROM actions
