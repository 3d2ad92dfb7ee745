SELECT body
FROM exceptions_made FINAL
WHERE ({team:String} = '' OR team = {team:String})
ORDER BY team, fingerprint
