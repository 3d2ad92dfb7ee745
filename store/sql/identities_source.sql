SELECT uid, start, place, body
FROM identities FINAL
WHERE source = {source:String} AND removed = 0
