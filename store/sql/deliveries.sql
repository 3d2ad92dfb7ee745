SELECT channel, fingerprint, at, ts, digest, status, body, version
FROM deliveries FINAL
WHERE channel IN {channels:Array(String)}
   OR ({open:UInt8} = 1 AND status NOT IN ('resolved', 'failed') AND NOT fingerprint LIKE '%:%')
ORDER BY channel, fingerprint
