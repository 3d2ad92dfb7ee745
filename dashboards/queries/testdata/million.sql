-- A million rows of everything that grows, of one team, within two weeks before 2026-09-01; a few days of feeds with gaps.
INSERT INTO events (team, feed, ingested, time, id_text, provider, account, action, outcome, actor_uid, actor, permission, target_ids_own)
SELECT 'payments', 'payments-aws', '2026-08-31 23:31:00', toDateTime64('2026-08-31 23:59:59', 6, 'UTC') - toIntervalSecond(number), toString(number), 'aws', '1', 's3:GetObject', 'success', 'AIDAONE', concat('actor-', toString(number % 1000)), 's3:GetObject', 't\0'
FROM numbers(1000000);

INSERT INTO findings (team, fingerprint, kind, verdict, severity, rule, state, first_seen, last_seen, identity_uid, identity_name, identity_kind, grant_id, provider, account, permission, body, version)
SELECT 'payments', toString(number), ['UNUSED_GRANT', 'OUT_OF_BAND'][number % 2 + 1], 'UNUSED', ['low', 'high'][number % 2 + 1], 'unused-grant', ['open', 'excepted'][intDiv(number, 2) % 2 + 1], toDateTime64('2026-08-31 23:59:59', 6, 'UTC') - toIntervalSecond(number), '2026-09-01 00:00:00',
    concat('U', toString(number % 1000)), concat('actor-', toString(number % 1000)), 'human', concat('g', toString(number)), 'aws', '1', 's3:*', '{"why":"no use","exception":{"expires":"2026-09-08T00:00:00Z"}}', number
FROM numbers(1000000);

INSERT INTO finding_history (team, fingerprint, at, state, verdict, severity, why, who)
SELECT 'payments', toString(number), toDateTime64('2026-08-31 23:59:59', 6, 'UTC') - toIntervalSecond(number), 'open', 'UNUSED', 'high', 'first seen', 'grantwatch'
FROM numbers(1000000);

INSERT INTO evaluations (rule, team, at, window_from, window_to, status, judged, findings, why)
SELECT 'unused-grant', 'payments', toDateTime64('2026-08-31 23:59:59', 6, 'UTC') - toIntervalSecond(number), '2026-06-01 00:00:00', '2026-09-01 00:00:00', 'partial', 1, 1, 'a gap'
FROM numbers(1000000);

INSERT INTO figures (team, at, name, label, value, version)
SELECT 'payments', toDateTime64('2026-08-31 23:59:59', 6, 'UTC') - toIntervalSecond(intDiv(number, 4)), ['open', 'drift_index', 'visibility', 'nhi_ratio'][number % 4 + 1], '', number, 1
FROM numbers(1000000);

INSERT INTO credential_answers (team, identity_uid, credential, identity_name, identity_kind, provider, kind, issuer_state, reach_state, expiry_state, at, version)
SELECT 'payments', concat('U', toString(number % 1000)), toString(number), concat('actor-', toString(number % 1000)), 'service', 'aws', 'access key', 'known', 'stale', 'unknown', '2026-09-01 00:00:00', 1
FROM numbers(1000000);

INSERT INTO hits (team, rule, event_id, severity, feed, time, action, outcome, actor, ingested, body)
SELECT 'payments', 'admin-by-hand', toString(number), 'high', 'payments-aws', toDateTime64('2026-08-31 23:59:59', 6, 'UTC') - toIntervalSecond(number), 'a', 'success', 'x', '2026-09-01 00:00:00', '{}'
FROM numbers(1000000);

INSERT INTO batches (team, feed, source, from_pos, to_pos, received, stored, newest, ingested, token)
SELECT 'payments', concat('feed-', toString(number % 7000)), 's', number, number + 1, 1, 1, toDateTime64('2026-08-31 23:59:59', 6, 'UTC') - toIntervalSecond(number), toDateTime64('2026-08-31 23:59:59', 3, 'UTC') - toIntervalSecond(number), toString(number)
FROM numbers(1000000);

INSERT INTO dead_letters (team, feed, id, reason, position, at, raw)
SELECT 'payments', 'payments-aws', toString(number), 'syntax', 'a:1', toDateTime64('2026-08-31 23:59:59', 3, 'UTC') - toIntervalSecond(number), 'x'
FROM numbers(1000000);

INSERT INTO deliveries (channel, fingerprint, at, status, version)
SELECT '#c', toString(number), toDateTime64('2026-08-31 23:59:59', 6, 'UTC') - toIntervalSecond(number), 'sent', 1
FROM numbers(1000000);

INSERT INTO accounts (team, entitlement, provider, account, id, valid_from, valid_to, name, uid, kind, body, version)
SELECT 'payments', 'iam', 'aws', '1', toString(number), '2026-01-01 00:00:00', '2200-01-01 00:00:00', concat('name-', toString(number)), 'U1', 'user', '{}', 1
FROM numbers(1000000);

INSERT INTO grants (team, entitlement, provider, account, id, valid_from, valid_to, subject, permission, resource, body, version)
SELECT 'payments', 'iam', 'aws', '1', concat('g', toString(number)), '2026-01-01 00:00:00', '2200-01-01 00:00:00', 'actor-1', 's3:*', '*', '{"kind":"permission"}', 1
FROM numbers(1000000);

INSERT INTO feed_days (team, feed, day, covered, grade, gaps, blinds, version)
SELECT 'payments', concat('feed-', toString(intDiv(number, 14))), toDate('2026-08-31') - number % 14, 0.5, 'C2', concat('[{"from":"', toString(toDate('2026-08-31') - number % 14), 'T06:00:00Z","to":"', toString(toDate('2026-08-31') - number % 14), 'T12:00:00Z","why":"silence"}]'), 1, 1
FROM numbers(98000);

INSERT INTO governance (team, layer, at, recommendation, since, version)
SELECT 'payments', 'policy', toDateTime64('2026-08-31 23:59:59', 6, 'UTC') - toIntervalSecond(number), 'hybrid', '2026-08-01 00:00:00', 1
FROM numbers(1000000);
