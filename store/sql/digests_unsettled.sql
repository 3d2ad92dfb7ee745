SELECT team, feed, chain, object, bucket, account, region, delivered_from, delivered_to, oldest, end_text, hash, signature, key,
       previous_object, previous_hash, previous_signature, backfill, broken, mark, state, detail, files, hashes
FROM digests FINAL
WHERE team = {team:String} AND feed = {feed:String} AND broken = '' AND state NOT IN ('read', 'lossy')
ORDER BY chain, delivered_to, object
