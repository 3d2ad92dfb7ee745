SELECT h.team, h.feed, h.source, h.from_pos, h.to_pos, h.noticed,
       maxIf(b.newest, b.to_pos <= h.to_pos) AS before,
       minIf(b.newest, b.from_pos >= h.from_pos AND b.to_pos > h.to_pos AND b.newest > toDateTime64(0, 6)) AS after
FROM (SELECT * FROM holes FINAL) AS h
LEFT JOIN (SELECT * FROM batches FINAL) AS b ON b.team = h.team AND b.feed = h.feed AND b.source = h.source
GROUP BY h.team, h.feed, h.source, h.from_pos, h.to_pos, h.noticed
ORDER BY h.feed, h.source, h.from_pos
