-- Six teams: tm0 to tm5. Team n has 2^n rows of everything, and every text of it begins with its name, so that a row, or a
-- sum, of a team that should not be seen shows.

INSERT INTO findings (team, fingerprint, kind, verdict, severity, rule, state, feed, first_seen, last_seen, identity_uid, identity_name, identity_kind, identity_owner, grant_id, provider, account, permission, resource, body, version)
SELECT concat('tm', toString(n)), concat('tm', toString(n), '_f', toString(k)), concat('tm', toString(n), '_KIND'), 'UNUSED', 'high', concat('tm', toString(n), '_rule'), 'open', concat('tm', toString(n), '_feed'),
    '2026-08-30 00:00:00', '2026-09-01 00:00:00', concat('tm', toString(n), '_uid'), concat('tm', toString(n), '_name'), 'human', concat('tm', toString(n), '_owner'), concat('tm', toString(n), '_g', toString(k)),
    concat('tm', toString(n), '_provider'), concat('tm', toString(n), '_account'), concat('tm', toString(n), '_p'), concat('tm', toString(n), '_r'), '{}', 1
FROM (SELECT number AS n, arrayJoin(range(toUInt64(exp2(number)))) AS k FROM numbers(6));

INSERT INTO findings (team, fingerprint, kind, verdict, severity, state, first_seen, last_seen, identity_name, body, version)
SELECT concat('tm', toString(number)), concat('tm', toString(number), '_x'), concat('tm', toString(number), '_KIND'), 'UNUSED', 'low', 'excepted', '2026-08-30 00:00:00', '2026-09-01 00:00:00', concat('tm', toString(number), '_name'),
    concat('{"exception":{"reason":"tm', toString(number), '_why","approver":"tm', toString(number), '_who","expires":"2026-09-03T00:00:00Z"}}'), 1
FROM numbers(6);

INSERT INTO finding_history (team, fingerprint, at, state, verdict, severity, why, who)
SELECT team, fingerprint, first_seen, 'open', verdict, severity, concat(team, '_why'), concat(team, '_who') FROM findings WHERE state = 'open';

INSERT INTO batches (team, feed, source, from_pos, to_pos, received, stored, filtered, dead, flagged, lateness, newest, accounts, ingested, token)
SELECT concat('tm', toString(number)), concat('tm', toString(number), '_feed'), 's', 0, 1, toInt64(exp2(number)), toInt64(exp2(number)), 0, 0, 0, [1], '2026-08-31 00:00:00', [concat('tm', toString(number), '_account')], '2026-08-31 00:00:00', '' FROM numbers(6);

INSERT INTO evaluations (rule, team, at, window_from, window_to, status, judged, findings, why)
SELECT concat('tm', toString(number), '_rule'), concat('tm', toString(number)), '2026-08-31 00:00:00', '2026-08-01 00:00:00', '2026-08-31 00:00:00', 'partial', 1, 1, concat('tm', toString(number), '_why') FROM numbers(6);

INSERT INTO figures (team, at, name, label, value, version)
SELECT concat('tm', toString(number)), '2026-08-31 00:00:00', arrayJoin(['open', 'coverage', 'drift_index', 'visibility', 'nhi_ratio', 'revocation_median_hours']), '', exp2(number), 1 FROM numbers(6);

INSERT INTO figures (team, at, name, label, value, version)
SELECT concat('tm', toString(number)), '2026-08-31 00:00:00', 'kind', concat('tm', toString(number), '_KIND'), exp2(number), 1 FROM numbers(6);

INSERT INTO figures (team, at, name, label, value, version) VALUES ('*', '2026-08-31 00:00:00', 'open', '', 64, 1);

INSERT INTO feed_days (team, feed, day, covered, grade, gaps, blinds, version)
SELECT concat('tm', toString(number)), concat('tm', toString(number), '_feed'), '2026-08-31', 0.5, 'C2', concat('[{"from":"2026-08-31T00:00:00Z","to":"2026-08-31T12:00:00Z","why":"tm', toString(number), '_why"}]'), 1, 1 FROM numbers(6);

INSERT INTO credential_answers (team, identity_uid, credential, identity_name, owner, provider, issuer, at, gone, version)
SELECT concat('tm', toString(number)), concat('tm', toString(number), '_uid'), concat('tm', toString(number), '_key'), concat('tm', toString(number), '_name'), concat('tm', toString(number), '_owner'), concat('tm', toString(number), '_provider'), concat('tm', toString(number), '_issuer'), '2026-08-31 00:00:00', 0, 1 FROM numbers(6);

INSERT INTO governance (team, layer, at, recommendation, rule, why, since, version)
SELECT concat('tm', toString(number)), arrayJoin(['policy', 'execution']), '2026-08-31 00:00:00', concat('tm', toString(number), '_hybrid'), 'r', concat('tm', toString(number), '_why'), '2026-08-01 00:00:00', 1 FROM numbers(6);

INSERT INTO events (team, feed, ingested, time, id_text, provider, account, action, outcome, actor_uid, actor, permission, src_ip, target_ids_own)
SELECT concat('tm', toString(n)), concat('tm', toString(n), '_feed'), '2026-08-31 00:00:00', toDateTime64('2026-08-31 00:00:00', 6, 'UTC') - k, concat('tm', toString(n), '_e', toString(k)), concat('tm', toString(n), '_provider'), concat('tm', toString(n), '_account'), concat('tm', toString(n), '_do'), 'success',
    concat('tm', toString(n), '_uid'), concat('tm', toString(n), '_name'), concat('tm', toString(n), '_p'), concat('tm', toString(n), '_ip'), concat('tm', toString(n), '_t\0')
FROM (SELECT number AS n, arrayJoin(range(toUInt64(exp2(number)))) AS k FROM numbers(6));

-- every team saw "shared" do something, and has one record of it under the same id
INSERT INTO events (team, feed, ingested, time, id_text, provider, account, action, outcome, actor_uid, actor, permission)
SELECT concat('tm', toString(number)), concat('tm', toString(number), '_feed'), '2026-08-31 00:00:00', '2026-08-31 00:00:00', 'same-id', 'aws', concat('tm', toString(number), '_account'), concat('tm', toString(number), '_do'), 'success', 'shared', 'shared', concat('tm', toString(number), '_p') FROM numbers(6);

INSERT INTO raw_events (team, feed, ingested, expires, time, actor, id, raw)
SELECT team, feed, ingested, '2100-01-01 00:00:00', time, actor, id, concat(team, '_raw') FROM events;

INSERT INTO hits (team, rule, event_id, severity, why, feed, time, provider, account, action, outcome, actor, actor_uid, ingested, body)
SELECT team, concat(team, '_rule'), id, 'high', '', feed, time, provider, account, action, outcome, actor, actor_uid, ingested, '{}' FROM events WHERE id != 'same-id';

INSERT INTO accounts (team, entitlement, provider, account, id, valid_from, valid_to, name, uid, kind, body, hash, version)
SELECT concat('tm', toString(n)), 'e', 'aws', concat('tm', toString(n), '_account'), s, '2026-01-01 00:00:00', '2200-01-01 00:00:00', if(s = 'own', concat('tm', toString(n), '_name'), 'shared'), if(s = 'own', concat('tm', toString(n), '_uid'), 'shared'), 'user', '{}', 1, 1
FROM (SELECT number AS n, arrayJoin(['own', 'shared']) AS s FROM numbers(6));

INSERT INTO identities (source, uid, start, place, end, kind, team, owner, as_of, removed, body, version)
SELECT 'hr', concat('tm', toString(number), '_person'), '2020-01-01 00:00:00', 0, '1970-01-01 00:00:00', 'human', concat('tm', toString(number)), '', '2026-09-01 00:00:00', 0, concat('{"name":"everybody","aliases":[{"name":"tm', toString(number), '_name"}]}'), 1 FROM numbers(6);

INSERT INTO grants (team, entitlement, provider, account, id, valid_from, valid_to, subject, permission, resource, body, hash, version)
SELECT concat('tm', toString(n)), 'e', concat('tm', toString(n), '_provider'), concat('tm', toString(n), '_account'), concat('tm', toString(n), '_g', s), '2026-01-01 00:00:00', '2200-01-01 00:00:00', if(s = 'own', concat('tm', toString(n), '_name'), 'shared'), concat('tm', toString(n), '_p'), concat('tm', toString(n), '_r'), '{}', 1, 1
FROM (SELECT number AS n, arrayJoin(['own', 'shared']) AS s FROM numbers(6));

INSERT INTO dead_letters (team, feed, id, reason, detail, position, at, raw)
SELECT concat('tm', toString(number)), concat('tm', toString(number), '_feed'), concat('tm', toString(number), '_d'), 'syntax', concat('tm', toString(number), '_detail'), '', '2026-08-31 00:00:00', concat('tm', toString(number), '_raw') FROM numbers(6);

INSERT INTO deliveries (channel, fingerprint, at, ts, digest, status, body, version)
SELECT concat(team, '_channel'), fingerprint, '2026-08-31 00:00:00', '', '', 'sent', '{}', 1 FROM findings;
