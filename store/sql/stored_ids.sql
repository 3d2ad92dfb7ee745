SELECT DISTINCT id
FROM events
WHERE team = {team:String} AND feed = {feed:String} AND (id_uuid IN ({uuids:Array(UUID)}) AND id_text = '' OR id_text IN ({texts:Array(String)}))
  AND time >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND time <= fromUnixTimestamp64Micro({to:Int64}, 'UTC')
  AND ingested >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
  AND ingested < fromUnixTimestamp64Micro({before:Int64}, 'UTC')
