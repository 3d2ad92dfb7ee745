SELECT body
FROM findings FINAL
WHERE ({team:String} = '' OR team = {team:String})
  AND (empty({states:Array(String)}) OR has({states:Array(String)}, state))
  AND (empty({kinds:Array(String)}) OR has({kinds:Array(String)}, kind))
  AND ({identity:String} = '' OR identity_uid = {identity:String})
  AND last_seen >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
ORDER BY team, fingerprint
