SELECT body
FROM actions FINAL
WHERE id = {id:String}
