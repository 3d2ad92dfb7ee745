SELECT max(version)
FROM exceptions_made
