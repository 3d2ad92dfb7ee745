SELECT max(version)
FROM credential_answers
