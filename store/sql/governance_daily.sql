SELECT team, layer, max(at) AS newest, argMax(recommendation, at), argMax(candidate, at), argMax(rule, at), argMax(why, at), argMax(counterfactual, at), argMax(since, at)
FROM
(
    SELECT *
    FROM governance FINAL
    WHERE at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
)
GROUP BY team, layer, toDate(at, 'UTC')
ORDER BY team, layer, newest
