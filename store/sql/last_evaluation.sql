SELECT max(at)
FROM evaluations
