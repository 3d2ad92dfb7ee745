SELECT max(version)
FROM revocations
