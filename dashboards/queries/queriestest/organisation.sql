-- A small organisation by hand, as of 2026-09-01: payments and platform with something of everything, and "it's \ odd",
-- a team with a hostile name and one row of each.

INSERT INTO batches (team, feed, source, from_pos, to_pos, received, stored, filtered, dead, flagged, lateness, newest, accounts, ingested, token) VALUES
    ('payments', 'payments-aws', 'logs/a.json', 0, 100, 100, 97, 1, 2, 1, [90, 5, 5], '2026-08-31 23:30:00', ['111122223333'], '2026-08-31 23:31:00', 'a'),
    ('payments', 'payments-aws', 'logs/a.json', 100, 150, 50, 50, 0, 0, 0, [50], '2026-08-31 23:50:00', ['111122223333'], '2026-08-31 23:51:00', 'b'),
    ('platform', 'platform-k8s', 'logs/k.json', 0, 40, 40, 38, 0, 2, 0, [10, 0, 0, 0, 0, 28], '2026-08-31 20:00:00', ['prod'], '2026-08-31 20:00:30', 'c'),
    ('it''s \\ odd', 'odd', 'o', 0, 1, 1, 1, 0, 0, 0, [1], '2026-08-30 00:00:00', ['x'], '2026-08-30 00:00:01', 'd');

INSERT INTO findings (team, fingerprint, kind, verdict, severity, rule, state, feed, first_seen, last_seen, identity_uid, identity_name, identity_kind, identity_owner, grant_id, provider, account, permission, resource, body, version) VALUES
    ('payments', 'f1', 'UNUSED_GRANT', 'UNUSED', 'high', 'unused-grant', 'open', '', '2026-08-20 00:00:00', '2026-09-01 00:00:00', 'AIDAONE', 'arn:aws:iam::111122223333:user/cleo', 'human', 'ana', 'g1', 'aws', '111122223333', 's3:*', 'arn:aws:s3:::ledger', '{"why":"no use in 90 days","proposal":"remove it","handling":{"state":"acknowledged"}}', 1),
    ('payments', 'f2', 'POST_TERMINATION_ACTIVITY', 'VIOLATION', 'critical', 'leaver', 'open', '', '2026-08-31 10:00:00', '2026-09-01 00:00:00', 'AIDATWO', 'arn:aws:iam::111122223333:user/dora', 'human', 'ana', '', 'aws', '111122223333', '', '', '{"why":"acted after the end"}', 1),
    ('payments', 'f3', 'UNUSED_GRANT', 'UNVERIFIABLE', 'medium', 'unused-grant', 'open', '', '2026-08-21 00:00:00', '2026-09-01 00:00:00', 'AIDAONE', 'arn:aws:iam::111122223333:user/cleo', 'human', 'ana', 'g2', 'aws', '111122223333', 'ec2:*', '*', '{"why":"a gap of 6h"}', 1),
    ('payments', 'f4', 'UNUSED_GRANT', 'UNUSED', 'low', 'unused-grant', 'excepted', '', '2026-08-01 00:00:00', '2026-09-01 00:00:00', 'AROA1', 'arn:aws:iam::111122223333:role/batch', 'service', 'ana', 'g3', 'aws', '111122223333', 'sqs:*', '*', '{"why":"no use","exception":{"reason":"year end","approver":"ana","expires":"2026-09-08T00:00:00Z"}}', 1),
    ('platform', 'f5', 'OUT_OF_BAND', 'VIOLATION', 'high', 'out-of-band', 'reopened', '', '2026-08-25 00:00:00', '2026-09-01 00:00:00', '', 'system:serviceaccount:ci:runner', 'service', 'li', 'g5', 'kubernetes', 'prod', 'ClusterRole/admin', '*', '{"why":"no approval"}', 1),
    ('platform', 'f6', 'FEED_SILENT', 'VIOLATION', 'medium', 'feed-silent', 'open', 'platform-k8s', '2026-08-31 21:00:00', '2026-09-01 00:00:00', '', '', '', '', '', '', '', '', '', '{"why":"silent for 4h"}', 1),
    ('platform', 'f7', 'UNUSED_GRANT', 'UNUSED', 'low', 'unused-grant', 'resolved', '', '2026-07-01 00:00:00', '2026-08-29 00:00:00', '', 'system:serviceaccount:ci:old', 'service', 'li', 'g7', 'kubernetes', 'prod', 'Role/x', 'ci', '{"why":"no use"}', 1),
    ('it''s \\ odd', 'f8', 'UNUSED_GRANT', 'UNUSED', 'info', 'unused-grant', 'open', '', '2026-08-30 00:00:00', '2026-09-01 00:00:00', 'u', '<b>o''dd\\</b>\t', 'human', '', 'g8', 'okta', 'x', 'app:X', '', '{"why":"` ${x} {{y}}"}', 1);

INSERT INTO finding_history (team, fingerprint, at, state, verdict, severity, why, who) VALUES
    ('payments', 'f1', '2026-08-20 00:00:00', 'open', 'UNUSED', 'high', 'first seen', 'grantwatch'),
    ('payments', 'f2', '2026-08-31 10:00:00', 'open', 'VIOLATION', 'critical', 'first seen', 'grantwatch'),
    ('payments', 'f3', '2026-08-21 00:00:00', 'open', 'UNVERIFIABLE', 'medium', 'first seen', 'grantwatch'),
    ('payments', 'f4', '2026-08-01 00:00:00', 'excepted', 'UNUSED', 'low', 'excepted by ana: year end', 'ana'),
    ('platform', 'f5', '2026-08-20 00:00:00', 'open', 'VIOLATION', 'high', 'first seen', 'grantwatch'),
    ('platform', 'f5', '2026-08-22 00:00:00', 'resolved', 'VIOLATION', 'high', 'it is gone', 'grantwatch'),
    ('platform', 'f5', '2026-08-25 00:00:00', 'reopened', 'VIOLATION', 'high', 'seen again', 'grantwatch'),
    ('platform', 'f6', '2026-08-31 21:00:00', 'open', 'VIOLATION', 'medium', 'first seen', 'grantwatch'),
    ('platform', 'f7', '2026-07-01 00:00:00', 'open', 'UNUSED', 'low', 'first seen', 'grantwatch'),
    ('platform', 'f7', '2026-08-29 00:00:00', 'resolved', 'UNUSED', 'low', 'it was revoked', 'grantwatch'),
    ('it''s \\ odd', 'f8', '2026-08-30 00:00:00', 'open', 'UNUSED', 'info', 'first seen', 'grantwatch');

INSERT INTO evaluations (rule, team, at, window_from, window_to, status, judged, findings, why) VALUES
    ('unused-grant', 'payments', '2026-09-01 00:00:00', '2026-06-01 00:00:00', '2026-09-01 00:00:00', 'partial', 120, 3, 'gap of payments-aws'),
    ('unused-grant', 'platform', '2026-09-01 00:00:00', '2026-06-01 00:00:00', '2026-09-01 00:00:00', 'evaluated', 80, 0, ''),
    ('out-of-band', 'platform', '2026-09-01 00:00:00', '1970-01-01 00:00:00', '2026-09-01 00:00:00', 'evaluated', 80, 1, ''),
    ('unused-grant', 'payments', '2026-08-31 00:00:00', '2026-06-01 00:00:00', '2026-08-31 00:00:00', 'evaluated', 118, 2, ''),
    ('unused-grant', 'it''s \\ odd', '2026-09-01 00:00:00', '2026-06-01 00:00:00', '2026-09-01 00:00:00', 'skipped', 1, 1, 'no feed');

INSERT INTO figures (team, at, name, label, value, version) SELECT team, at, name, label, value + n, 1
FROM (
    SELECT arrayJoin([('payments', 1.), ('platform', 2.), ('it''s \\ odd', 3.), ('*', 6.)]) AS t, t.1 AS team, t.2 AS n, arrayJoin([toDateTime64('2026-08-25 00:00:00', 6, 'UTC'), toDateTime64('2026-09-01 00:00:00', 6, 'UTC')]) AS at,
        arrayJoin([('open', '', 3.), ('unverifiable', '', 1.), ('excepted', '', 1.), ('exceptions_expiring_14d', '', 1.), ('grants', '', 120.), ('coverage', '', 0.25), ('drift_index', '', 12.), ('drift_real', '', 2.), ('drift_newly_visible', '', -1.),
            ('visibility', '', 0.5), ('revocation_median_hours', '', 5.), ('revocation_p95_hours', '', 30.), ('nhi_ratio', '', 4.), ('severity', 'critical', 1.), ('severity', 'high', 2.), ('kind', 'UNUSED_GRANT', 2.), ('verdict', 'USED', 100.)]) AS f,
        f.1 AS name, f.2 AS label, f.3 AS value
);

INSERT INTO feed_days (team, feed, day, covered, grade, gaps, blinds, version) VALUES
    ('payments', 'payments-aws', '2026-08-29', 1, 'C2', '[]', 0, 1),
    ('payments', 'payments-aws', '2026-08-30', 0.75, 'C2', '[{"feed":"payments-aws","from":"2026-08-30T18:00:00Z","to":"2026-08-31T00:00:00Z","why":"silence"}]', 1, 1),
    ('payments', 'payments-aws', '2026-08-31', 0.9, 'C2', '[{"feed":"payments-aws","from":"2026-08-31T00:00:00Z","to":"2026-08-31T02:24:00Z","why":"silence"}]', 1, 1),
    ('platform', 'platform-k8s', '2026-08-31', 0.8333, 'C1', '[{"feed":"platform-k8s","from":"2026-08-31T20:00:00Z","to":"2026-09-01T00:00:00Z","why":"silence"}]', 0, 1),
    ('it''s \\ odd', 'odd', '2026-08-30', 0, 'C0', '[{"feed":"odd","from":"2026-08-30T00:00:00Z","to":"2026-08-31T00:00:00Z","why":"before the first record"}]', 0, 1);

INSERT INTO credential_answers (team, identity_uid, credential, identity_name, identity_kind, owner, provider, kind, issuer_state, issuer, issuer_evidence, reach_state, reach, reach_weight, reach_evidence, expiry_state, expiry, expires, expiry_evidence, at, gone, version) VALUES
    ('payments', 'AROA1', 'AKIA1', 'arn:aws:iam::111122223333:role/batch', 'service', 'ana', 'aws', 'access key', 'known', 'ana', 'CreateAccessKey', 'known', 3, 12, 'snapshot of 2026-08-31', 'known', '2026-10-01', '2026-10-01 00:00:00', 'record', '2026-09-01 00:00:00', 0, 1),
    ('payments', 'AROA1', 'AKIA0', 'arn:aws:iam::111122223333:role/batch', 'service', 'ana', 'aws', 'access key', 'known', 'ana', '', 'known', 0, 0, '', 'known', 'never', '1970-01-01 00:00:00', '', '2026-08-01 00:00:00', 1, 1),
    ('platform', 'sa-1', 'token', 'system:serviceaccount:ci:runner', 'workload', 'li', 'kubernetes', 'token', 'unknown', '', '', 'stale', 7, 40, 'snapshot of 2026-07-01', 'unknown', '', '1970-01-01 00:00:00', '', '2026-09-01 00:00:00', 0, 1),
    ('it''s \\ odd', 'u', 'c', '<b>o''dd\\</b>\t', 'service', '', 'okta', 'token', 'unknown', '', '', 'unknown', 0, 0, '', 'unknown', '', '1970-01-01 00:00:00', '', '2026-09-01 00:00:00', 0, 1);

INSERT INTO governance (team, layer, at, recommendation, candidate, rule, why, counterfactual, since, version)
SELECT team, layer, toDateTime64('2026-09-01 00:00:00', 6, 'UTC'), 'hybrid', 'local', 'otherwise', 'nothing else holds', 'to move to local: 8 green weeks', toDateTime64('2026-08-01 00:00:00', 6, 'UTC'), 1
FROM (SELECT arrayJoin(['payments', 'platform', 'it''s \\ odd']) AS team, arrayJoin(['policy', 'execution']) AS layer);

INSERT INTO events (team, feed, ingested, time, id_text, provider, account, class, action, access, outcome, error, actor_uid, actor_name_own, actor_kind, actor, permission, src_ip, user_agent, target_ids_own)
SELECT 'payments', 'payments-aws', '2026-08-31 23:31:00', toDateTime64('2026-08-31 23:30:00', 6, 'UTC') - toIntervalMinute(37 * number), concat('p', leftPad(toString(number), 3, '0')), 'aws', '111122223333', 'API Activity',
    ['s3:GetObject', 's3:PutObject', 'iam:CreateUser'][number % 3 + 1], ['read', 'write', 'admin'][number % 3 + 1], ['success', 'success', 'denied', 'failure'][number % 4 + 1], if(number % 4 = 2, 'AccessDenied', ''),
    ['AIDAONE', 'AIDATWO'][number % 2 + 1], ['cleo', 'dora'][number % 2 + 1], 'human', ['arn:aws:iam::111122223333:user/cleo', 'arn:aws:iam::111122223333:user/dora'][number % 2 + 1],
    ['s3:GetObject', 's3:PutObject', 'iam:CreateUser'][number % 3 + 1], '192.0.2.1', 'cli', concat('arn:aws:s3:::ledger/', toString(number), '\0')
FROM numbers(60);

INSERT INTO events (team, feed, ingested, time, id_text, provider, account, class, action, access, outcome, actor_uid, actor_name_own, actor_kind, actor, permission, src_ip, flag)
SELECT 'platform', 'platform-k8s', '2026-08-31 20:00:30', toDateTime64('2026-08-31 20:00:00', 6, 'UTC') - toIntervalMinute(number), concat('k', leftPad(toString(number), 3, '0')), 'kubernetes', 'prod', 'API Activity', 'k8s:get', 'read', 'success',
    'sa-1', 'runner', 'workload', 'system:serviceaccount:ci:runner', 'get pods', '198.51.100.7', if(number = 0, 'future', '')
FROM numbers(20);

INSERT INTO events (team, feed, ingested, time, id_text, provider, account, action, outcome, actor_uid, actor) VALUES
    ('it''s \\ odd', 'odd', '2026-08-30 00:00:01', '2026-08-30 00:00:00', 'o1', 'okta', 'x', 'user.session.start', 'success', 'u', '<b>o''dd\\</b>\t'),
    ('it''s \\ odd', 'odd', '2026-08-30 00:00:01', '2199-01-01 00:00:00', 'o2', 'okta', 'x', 'user.session.start', 'success', 'u', 'clock'),
    ('it''s \\ odd', 'odd', '2026-08-30 00:00:01', '1971-01-01 00:00:00', 'o3', 'okta', 'x', 'user.session.start', 'success', 'u', 'clock');

INSERT INTO raw_events (team, feed, ingested, expires, time, actor, id, raw)
SELECT team, feed, ingested, '2100-01-01 00:00:00', time, actor, id, concat('{"eventID":"', id, '"}') FROM events WHERE team = 'payments' AND id < 'p010';

INSERT INTO hits (team, rule, event_id, severity, why, feed, time, provider, account, action, outcome, actor, actor_uid, ingested, body)
SELECT team, 'admin-by-hand', id, 'high', 'made by hand', feed, time, provider, account, action, outcome, actor, actor_uid, ingested, '{}' FROM events WHERE action = 'iam:CreateUser' OR id = 'o1' OR id = 'k003';

INSERT INTO usage (team, provider, account, actor, actor_uid, permission, scope, via, feed, first, last, days)
SELECT team, provider, account, actor, actor_uid, permission, '', '', feed, min(time), max(time), [toUInt16(20000)] FROM events WHERE outcome = 'success' GROUP BY team, provider, account, actor, actor_uid, permission, feed;

INSERT INTO accounts (team, entitlement, provider, account, id, valid_from, valid_to, name, uid, kind, body, hash, version) VALUES
    ('payments', 'iam', 'aws', '111122223333', 'a1', '2026-01-01 00:00:00', '2200-01-01 00:00:00', 'arn:aws:iam::111122223333:user/cleo', 'AIDAONE', 'user', '{}', 1, 1),
    ('payments', 'iam', 'aws', '111122223333', 'a2', '2026-01-01 00:00:00', '2200-01-01 00:00:00', 'arn:aws:iam::111122223333:user/dora', 'AIDATWO', 'user', '{}', 1, 1),
    ('platform', 'rbac', 'kubernetes', 'prod', 'a3', '2026-01-01 00:00:00', '2200-01-01 00:00:00', 'system:serviceaccount:ci:runner', 'sa-1', 'serviceaccount', '{}', 1, 1),
    ('it''s \\ odd', 'o', 'okta', 'x', 'a4', '2026-01-01 00:00:00', '2200-01-01 00:00:00', '<b>o''dd\\</b>\t', 'u', 'user', '{}', 1, 1);

INSERT INTO identities (source, uid, start, place, end, kind, team, owner, as_of, removed, body, version) VALUES
    ('hr', 'cleo', '2020-01-01 00:00:00', 0, '1970-01-01 00:00:00', 'human', 'payments', '', '2026-09-01 00:00:00', 0, '{"uid":"cleo","name":"Cleo Karst","email":"cleo@corp.example","aliases":[{"name":"arn:aws:iam::111122223333:user/cleo"},{"provider":"kubernetes","name":"cleo@corp.example"}]}', 1),
    ('hr', 'lou', '2020-01-01 00:00:00', 0, '1970-01-01 00:00:00', 'human', 'platform', '', '2026-09-01 00:00:00', 0, '{"uid":"lou","name":"Lou","aliases":[{"name":"system:serviceaccount:ci:runner"}]}', 1);

INSERT INTO grants (team, entitlement, provider, account, id, valid_from, valid_to, subject, permission, resource, body, hash, version) VALUES
    ('payments', 'iam', 'aws', '111122223333', 'g1', '2026-01-01 00:00:00', '2200-01-01 00:00:00', 'arn:aws:iam::111122223333:user/cleo', 's3:*', 'arn:aws:s3:::ledger', '{"kind":"permission","path":"inline/x","privileged":true,"granted_at":"2025-05-05T00:00:00Z","granted_by":"ana"}', 1, 1),
    ('payments', 'iam', 'aws', '111122223333', 'g0', '2026-01-01 00:00:00', '2200-01-01 00:00:00', 'arn:aws:iam::111122223333:user/cleo', 'member', 'arn:aws:iam::111122223333:group/ops', '{"kind":"membership"}', 1, 1),
    ('payments', 'iam', 'aws', '111122223333', 'g2', '2026-01-01 00:00:00', '2200-01-01 00:00:00', 'arn:aws:iam::111122223333:group/ops', 'ec2:*', '*', '{"kind":"permission","expires_at":"2026-12-01T00:00:00Z"}', 1, 1),
    ('payments', 'iam', 'aws', '111122223333', 'gx', '2026-01-01 00:00:00', '2026-03-01 00:00:00', 'arn:aws:iam::111122223333:user/cleo', 'iam:*', '*', '{"kind":"permission"}', 1, 1),
    ('platform', 'rbac', 'kubernetes', 'prod', 'g5', '2026-01-01 00:00:00', '2200-01-01 00:00:00', 'system:serviceaccount:ci:runner', 'ClusterRole/admin', '*', '{"kind":"permission"}', 1, 1),
    ('it''s \\ odd', 'o', 'okta', 'x', 'g8', '2026-01-01 00:00:00', '2200-01-01 00:00:00', '<b>o''dd\\</b>\t', 'app:X', '', '{"kind":"permission"}', 1, 1);

INSERT INTO dead_letters (team, feed, id, reason, detail, position, at, raw) VALUES
    ('payments', 'payments-aws', 'd1', 'syntax', 'unexpected end', 'logs/a.json:7', '2026-08-31 23:31:00', '{"half'),
    ('payments', 'payments-aws', 'd2', 'too_large', '10 MB', 'logs/a.json:9', '2026-08-31 23:31:00', 'x'),
    ('platform', 'platform-k8s', 'd3', 'syntax', 'it''s', 'k:1', '2026-08-31 20:00:30', unhex('FF00FE')),
    ('platform', 'platform-k8s', 'd4', 'syntax', 'no', 'k:2', '2026-08-31 20:00:30', '<script>'),
    ('it''s \\ odd', 'odd', 'd5', 'syntax', 'no', 'o:1', '2026-08-30 00:00:01', '=cmd()');

INSERT INTO replays (team, feed, letter, replay, state, reason, detail, at, version) VALUES
    ('payments', 'payments-aws', 'd1', 'r1', 'replayed', '', '', '2026-08-31 23:40:00', 1),
    ('platform', 'platform-k8s', 'd3', 'r1', 'failed', 'syntax', 'still no', '2026-08-31 23:40:00', 1);

INSERT INTO deliveries (channel, fingerprint, at, ts, digest, status, body, version) VALUES
    ('#payments-access', 'f2', '2026-08-31 10:01:00', '1', 'd', 'sent', '{}', 1),
    ('#platform-access', 'f5', '2026-08-25 00:01:00', '1', 'd', 'failed', '{}', 1),
    ('#gone', 'unknown', '2026-08-25 00:01:00', '1', 'd', 'sent', '{}', 1);
