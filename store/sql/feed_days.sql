SELECT team, feed, toUInt16(day), covered, grade, gaps, blinds
FROM feed_days FINAL
WHERE day >= toDate({from:UInt16}) AND day < toDate({to:UInt16})
ORDER BY team, feed, day
