SELECT channel, fingerprint, at, ts, digest, status, body
FROM deliveries FINAL
WHERE channel = {channel:String} AND fingerprint = {fingerprint:String}
