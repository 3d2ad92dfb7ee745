SELECT
    team, identity_name, identity_kind, credential, kind, provider, owner, issuer_state, issuer, reach_state, reach, reach_weight, expiry_state, expiry, expires,
    if(toUnixTimestamp64Micro(expires) = 0, NULL, toFloat64(dateDiff('second', fromUnixTimestamp64Micro({to:Int64}, 'UTC'), expires))),
    issuer_evidence, reach_evidence, expiry_evidence, at, identity_uid
FROM credential_answers FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND gone = 0
  AND (identity_uid = {identity:String} OR identity_name IN {names:Array(String)})
ORDER BY team, identity_uid, credential
LIMIT {limit:UInt64}
