SELECT max(version)
FROM figures
