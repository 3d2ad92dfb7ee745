SELECT feed, kind, max(time) AS newest, argMax(ingested, time), argMax(id, time)
FROM canaries FINAL
GROUP BY feed, kind
ORDER BY feed, kind
