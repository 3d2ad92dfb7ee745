SELECT max(version)
FROM handlings
