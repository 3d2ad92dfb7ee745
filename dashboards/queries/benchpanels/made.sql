-- What the bench looks at, made inside ClickHouse: 50 teams, 50 000 actors, 90 days before 2026-09-01. Events are made day
-- by day by the program, because they are stored by the day of their arrival.

INSERT INTO usage (team, provider, account, actor, actor_uid, permission, scope, via, feed, first, last, days)
SELECT concat('team-', leftPad(toString(a % 50), 2, '0')), if(a % 2 = 0, 'aws', 'kubernetes'), toString(111122220000 + a % 50), concat('arn:aws:iam::', toString(111122220000 + a % 50), ':user/actor-', toString(a)), concat('AIDA', leftPad(toString(a), 12, '0')),
    concat('s3:Action', toString((a + p) % 40)), '', '', concat('team-', leftPad(toString(a % 50), 2, '0'), '-', toString(a % 2)), toDateTime64('2026-06-04 00:00:00', 6, 'UTC'), toDateTime64('2026-08-31 23:00:00', 6, 'UTC'), arrayMap(d -> toUInt16(20600 + d), range(0, 90, 3))
FROM (SELECT number AS a, arrayJoin(range(5)) AS p FROM numbers(50000));

INSERT INTO batches (team, feed, source, from_pos, to_pos, received, stored, filtered, dead, flagged, lateness, newest, accounts, ingested, token)
SELECT concat('team-', leftPad(toString(number % 50), 2, '0')), concat('team-', leftPad(toString(number % 50), 2, '0'), '-', toString(intDiv(number, 50) % 2)), 's', number * 5000, number * 5000 + 5000, 5000, 4995, 3, 2, 1,
    arrayMap(i -> toUInt32(if(i = 0, 4900, if(i < 8, 12, 0))), range(40)), t, [toString(111122220000 + number % 50)], t + 2, toString(number)
FROM (SELECT number, toDateTime64('2026-06-04 00:00:00', 6, 'UTC') + toIntervalSecond(toUInt64(number * 7689600 / greatest(1, intDiv({events:UInt64}, 5000)))) AS t FROM numbers(intDiv({events:UInt64}, 5000)));

INSERT INTO findings (team, fingerprint, kind, verdict, severity, rule, state, feed, first_seen, last_seen, identity_uid, identity_name, identity_kind, identity_owner, grant_id, provider, account, permission, resource, body, version)
SELECT concat('team-', leftPad(toString(number % 50), 2, '0')), lower(hex(sipHash64(number))), ['UNUSED_GRANT', 'UNUSED_GRANT', 'UNUSED_GRANT', 'OUT_OF_BAND', 'BASELINE_DRIFT', 'ORPHANED_NHI', 'LONG_LIVED_SECRET', 'POST_TERMINATION_ACTIVITY', 'ACCOUNT_STILL_ENABLED', 'FEED_GAP', 'HUMAN_USE', 'GUARDRAIL_DRIFT'][sipHash64(number, 1) % 12 + 1],
    if(sipHash64(number, 2) % 5 = 0, 'UNVERIFIABLE', 'UNUSED'), ['info', 'low', 'low', 'medium', 'medium', 'medium', 'high', 'high', 'critical'][sipHash64(number, 3) % 9 + 1], concat('rule-', toString(sipHash64(number, 1) % 12)),
    multiIf(sipHash64(number, 4) % 100 < 70, 'open', sipHash64(number, 4) % 100 < 75, 'excepted', 'resolved'), '', toDateTime64('2026-06-04 00:00:00', 6, 'UTC') + sipHash64(number, 5) % 7689600, toDateTime64('2026-09-01 00:00:00', 6, 'UTC'),
    concat('AIDA', leftPad(toString(a), 12, '0')), concat('arn:aws:iam::', toString(111122220000 + a % 50), ':user/actor-', toString(a)), if(a % 3 = 0, 'human', 'service'), concat('owner-', toString(a % 500)), concat('g', toString(number)), if(a % 2 = 0, 'aws', 'kubernetes'), toString(111122220000 + a % 50),
    concat('s3:Action', toString(number % 40)), concat('arn:aws:s3:::bucket-', toString(number % 1000), '/*'),
    concat('{"fingerprint":"', lower(hex(sipHash64(number))), '","why":"no use of s3:Action', toString(number % 40), ' on bucket-', toString(number % 1000), ' in the window of 90 days; evidence: 100 % of 90 days","proposal":"remove the statement from policy/P', toString(number % 300), '","evidence":["', arrayStringConcat(arrayMap(i -> concat('snapshot of 2026-08-', toString(i), ' states the grant ', hex(sipHash64(number, i))), range(10, 20)), '","'),
        '"],"controls":["PR.AA-05","AC-6","5.4"],"owasp":["NHI5"],"feeds":["team-0"],"gaps":[],"exception":{"reason":"migration ends soon","approver":"owner-', toString(a % 500), '","expires":"2026-09-', leftPad(toString(number % 28 + 1), 2, '0'), 'T00:00:00Z"}}'), 1
FROM (SELECT number, (number * 7 + number % 50) - (number * 7 + number % 50) % 50 + number % 50 AS b, b % 50000 AS a FROM numbers({findings:UInt64}));

INSERT INTO finding_history (team, fingerprint, at, state, verdict, severity, why, who)
SELECT team, fingerprint, first_seen, 'open', verdict, severity, 'first seen', 'grantwatch' FROM findings;

INSERT INTO finding_history (team, fingerprint, at, state, verdict, severity, why, who)
SELECT team, fingerprint, first_seen + toIntervalHour(40), state, verdict, severity, 'it was revoked', 'grantwatch' FROM findings WHERE state != 'open';

INSERT INTO evaluations (rule, team, at, window_from, window_to, status, judged, findings, why)
SELECT concat('rule-', toString(r)), concat('team-', leftPad(toString(t), 2, '0')), at, at - toIntervalDay(90), at, if(r % 7 = 0, 'partial', 'evaluated'), 4000, 20, if(r % 7 = 0, 'a gap of 6h', '')
FROM (SELECT toDateTime64('2026-06-04 00:00:00', 6, 'UTC') + toIntervalHour(6 * number) AS at, arrayJoin(range(20)) AS r, arrayJoin(range(50)) AS t FROM numbers(356));

INSERT INTO figures (team, at, name, label, value, version)
SELECT concat('team-', leftPad(toString(t), 2, '0')), at, f.1, f.2, sipHash64(at, t, f.1, f.2) % 1000 / 10, 1
FROM (SELECT toDateTime64('2026-06-04 00:00:00', 6, 'UTC') + toIntervalHour(6 * number) AS at, arrayJoin(range(50)) AS t,
    arrayJoin(arrayConcat(arrayMap(n -> (n, ''), ['open', 'unverifiable', 'excepted', 'exceptions_expiring_14d', 'grants', 'coverage', 'drift_index', 'drift_real', 'drift_newly_visible', 'visibility', 'credentials', 'revocation_median_hours', 'revocation_p95_hours', 'revocations', 'revocations_open', 'people', 'nhis', 'nhi_ratio', 'changes_per_week', 'feeds', 'feeds_silent']),
        arrayMap(l -> ('severity', l), ['info', 'low', 'medium', 'high', 'critical']), arrayMap(l -> ('kind', concat('KIND_', toString(l))), range(12)), arrayMap(l -> ('verdict', concat('V', toString(l))), range(8)))) AS f FROM numbers(357));

INSERT INTO feed_days (team, feed, day, covered, grade, gaps, blinds, version)
SELECT concat('team-', leftPad(toString(t), 2, '0')), concat('team-', leftPad(toString(t), 2, '0'), '-', toString(f)), toDate('2026-06-04') + number, if(sipHash64(number, t, f) % 10 = 0, 0.75, 1), 'C2',
    if(sipHash64(number, t, f) % 10 = 0, concat('[{"feed":"f","from":"', toString(toDate('2026-06-04') + number), 'T06:00:00Z","to":"', toString(toDate('2026-06-04') + number), 'T12:00:00Z","why":"silence"}]'), '[]'), sipHash64(number, t, f) % 10 = 0, 1
FROM (SELECT number, arrayJoin(range(50)) AS t, arrayJoin(range(2)) AS f FROM numbers(89));

INSERT INTO credential_answers (team, identity_uid, credential, identity_name, identity_kind, owner, provider, kind, issuer_state, issuer, issuer_evidence, reach_state, reach, reach_weight, reach_evidence, expiry_state, expiry, expires, expiry_evidence, at, gone, version)
SELECT concat('team-', leftPad(toString(number % 50), 2, '0')), concat('AIDA', leftPad(toString(number), 12, '0')), concat('AKIA', toString(number)), concat('arn:aws:iam::', toString(111122220000 + number % 50), ':user/actor-', toString(number)), 'service', concat('owner-', toString(number % 500)), 'aws', 'access key',
    ['known', 'stale', 'unknown'][sipHash64(number, 1) % 3 + 1], 'ana', 'CreateAccessKey of 2026-05-05', ['known', 'stale'][sipHash64(number, 2) % 2 + 1], number % 40, number % 300, 'snapshot of 2026-08-31', ['known', 'unknown'][sipHash64(number, 3) % 2 + 1], '', toDateTime64('2026-12-01 00:00:00', 6, 'UTC'), 'record', toDateTime64('2026-09-01 00:00:00', 6, 'UTC'), 0, 1
FROM numbers(20000);

INSERT INTO governance (team, layer, at, recommendation, candidate, rule, why, counterfactual, since, version)
SELECT concat('team-', leftPad(toString(t), 2, '0')), arrayJoin(['policy', 'execution']), at, 'hybrid', 'hybrid', 'otherwise', 'nothing else holds', 'to move to local: 8 green weeks', at, 1
FROM (SELECT toDateTime64('2026-06-04 00:00:00', 6, 'UTC') + toIntervalHour(6 * number) AS at, arrayJoin(range(50)) AS t FROM numbers(357));

INSERT INTO accounts (team, entitlement, provider, account, id, valid_from, valid_to, name, uid, kind, body, hash, version)
SELECT concat('team-', leftPad(toString(number % 50), 2, '0')), 'iam', 'aws', toString(111122220000 + number % 50), toString(number), toDateTime64('2026-01-01 00:00:00', 6, 'UTC'), toDateTime64('2200-01-01 00:00:00', 6, 'UTC'), concat('arn:aws:iam::', toString(111122220000 + number % 50), ':user/actor-', toString(number)), concat('AIDA', leftPad(toString(number), 12, '0')), 'user', '{}', 1, 1
FROM numbers(50000);

INSERT INTO identities (source, uid, start, place, end, kind, team, owner, as_of, removed, body, version)
SELECT 'hr', concat('p', toString(number)), toDateTime64('2020-01-01 00:00:00', 6, 'UTC'), 0, toDateTime64(0, 6, 'UTC'), 'human', concat('team-', leftPad(toString(number % 50), 2, '0')), '', toDateTime64('2026-09-01 00:00:00', 6, 'UTC'), 0,
    concat('{"uid":"p', toString(number), '","name":"Person ', toString(number), '","email":"p', toString(number), '@corp.example","kind":"human","aliases":[{"provider":"aws","name":"arn:aws:iam::', toString(111122220000 + number % 50), ':user/actor-', toString(number), '"}]}'), 1
FROM numbers(50000);

INSERT INTO grants (team, entitlement, provider, account, id, valid_from, valid_to, subject, permission, resource, body, hash, version)
SELECT concat('team-', leftPad(toString(number % 50), 2, '0')), 'iam', 'aws', toString(111122220000 + number % 50), concat('g', toString(number)), toDateTime64('2026-01-01 00:00:00', 6, 'UTC'), toDateTime64('2200-01-01 00:00:00', 6, 'UTC'), concat('arn:aws:iam::', toString(111122220000 + number % 50), ':user/actor-', toString(number % 50000)),
    concat('s3:Action', toString(number % 40)), concat('arn:aws:s3:::bucket-', toString(number % 1000), '/*'), '{"kind":"permission","path":"policy/PaymentsRW (managed) statement 2","granted_at":"2025-05-05T00:00:00Z","granted_by":"ana"}', 1, 1
FROM numbers(200000);

INSERT INTO dead_letters (team, feed, id, reason, detail, position, at, raw)
SELECT concat('team-', leftPad(toString(number % 50), 2, '0')), concat('team-', leftPad(toString(number % 50), 2, '0'), '-0'), toString(number), ['syntax', 'too_large', 'missing_field'][number % 3 + 1], 'unexpected end', 's:1', toDateTime64('2026-06-04 00:00:00', 3, 'UTC') + sipHash64(number) % 7689600, repeat('x', 1200)
FROM numbers(20000);

INSERT INTO deliveries (channel, fingerprint, at, ts, digest, status, body, version)
SELECT '#c', fingerprint, first_seen, '1', 'd', 'sent', '{}', 1 FROM findings WHERE severity IN ('high', 'critical') LIMIT 10000;
