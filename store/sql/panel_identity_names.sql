SELECT name, any(found)
FROM (
    SELECT name, concat('account of ', provider) AS found FROM accounts FINAL
    WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND valid_to > valid_from AND (uid = {identity:String} OR name = {identity:String})
    UNION ALL
    SELECT JSONExtractString(alias, 'name') AS name, concat('alias of ', uid) AS found
    FROM (
        SELECT uid, body FROM identities FINAL
        WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)}) AND removed = 0 AND (uid = {identity:String} OR name = {identity:String} OR email = {identity:String})
    )
    ARRAY JOIN JSONExtractArrayRaw(body, 'aliases') AS alias
)
WHERE name != ''
GROUP BY name
ORDER BY name
LIMIT {limit:UInt64}
