SELECT value, value
FROM (
    SELECT toString(severity) AS value, transform(severity, ['info', 'low', 'medium', 'high', 'critical'], [1, 2, 3, 4, 5], 0) AS place
    FROM findings
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
    GROUP BY severity
)
WHERE value != ''
ORDER BY place DESC, value
LIMIT {limit:UInt64}
