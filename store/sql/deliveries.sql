SELECT channel, fingerprint, at, ts, digest, status, body
FROM deliveries FINAL
WHERE channel = {channel:String}
ORDER BY fingerprint
