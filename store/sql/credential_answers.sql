SELECT team, identity_uid, credential, identity_name, identity_kind, owner, provider, kind,
    issuer_state, issuer, issuer_evidence, reach_state, reach, reach_weight, reach_evidence, expiry_state, expiry, expires, expiry_evidence, at
FROM credential_answers FINAL
WHERE gone = 0
ORDER BY team, identity_uid, credential
