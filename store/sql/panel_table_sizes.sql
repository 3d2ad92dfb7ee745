SELECT table, sum(rows), sum(bytes_on_disk), count()
FROM system.parts
WHERE {all:UInt8} = 1 AND active AND database = currentDatabase()
GROUP BY table
ORDER BY sum(bytes_on_disk) DESC, table
LIMIT {limit:UInt64}
