SELECT max(version)
FROM digests
