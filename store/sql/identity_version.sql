SELECT max(version)
FROM identities
WHERE source = {source:String}
