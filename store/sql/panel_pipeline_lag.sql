SELECT
    team, feed,
    toFloat64(dateDiff('second', max(newest), fromUnixTimestamp64Micro({to:Int64}, 'UTC'))),
    toFloat64(dateDiff('second', max(ingested), fromUnixTimestamp64Micro({to:Int64}, 'UTC'))),
    if(sum(arraySum(lateness)) = 0, NULL, toFloat64(bitShiftLeft(toUInt64(1), arrayFirstIndex(n -> n >= 0.5 * sum(arraySum(lateness)), arrayCumSum(sumForEach(arrayMap(n -> toUInt64(n), lateness)))) - 1))),
    if(sum(arraySum(lateness)) = 0, NULL, toFloat64(bitShiftLeft(toUInt64(1), arrayFirstIndex(n -> n >= 0.99 * sum(arraySum(lateness)), arrayCumSum(sumForEach(arrayMap(n -> toUInt64(n), lateness)))) - 1)))
FROM batches FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND (empty({feed:Array(String)}) OR feed IN {feed:Array(String)})
  AND ingested < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
GROUP BY team, feed
ORDER BY team, feed
LIMIT {limit:UInt64}
