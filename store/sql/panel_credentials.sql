SELECT
    team, identity_name, identity_kind, credential, kind, provider, owner, issuer_state, issuer, reach_state, reach, reach_weight, expiry_state, expiry, expires,
    if(toUnixTimestamp64Micro(expires) = 0, NULL, toFloat64(dateDiff('second', fromUnixTimestamp64Micro({to:Int64}, 'UTC'), expires))),
    issuer_evidence, reach_evidence, expiry_evidence, at, identity_uid
FROM credential_answers FINAL
WHERE ({all:UInt8} = 1 OR team IN {teams:Array(String)})
  AND gone = 0
  AND (empty({provider:Array(String)}) OR provider IN {provider:Array(String)})
  AND (empty({answer:Array(String)}) OR issuer_state IN {answer:Array(String)} OR reach_state IN {answer:Array(String)} OR expiry_state IN {answer:Array(String)})
  AND ({text:String} = '' OR positionCaseInsensitiveUTF8(concat(identity_name, '\n', credential, '\n', issuer, '\n', owner), {text:String}) > 0)
ORDER BY (issuer_state = 'known') + (reach_state = 'known') + (expiry_state = 'known'), reach_weight DESC, team, identity_uid, credential
LIMIT {limit:UInt64}
