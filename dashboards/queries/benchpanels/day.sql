-- The events of one day. Who acts is drawn as ingest/made does: one in four is of the next of all actors in turn, and in the
-- others the busiest acts twice as often as the second. One in twenty is an access to an object with a name of its own.
INSERT INTO events (team, feed, ingested, time, id_uuid, provider, account, class, log_class, action, access, outcome, error, actor_id, actor_uid, actor_name_own, actor_kind, issuer_own, credential, actor, permission, scope, src_ip, user_agent, target_ids_own, target_types_own, attrs_own)
SELECT concat('team-', leftPad(toString(a % 50), 2, '0')), concat('team-', leftPad(toString(a % 50), 2, '0'), '-', toString(a % 2)), t + 5, t, reinterpretAsUUID(sipHash128(number, {day:UInt32})), if(a % 2 = 0, 'aws', 'kubernetes'), toString(111122220000 + a % 50), 'API Activity', 'management-read',
    concat('s3:Action', toString((a + number % 5) % 40)), ['read', 'read', 'write', 'admin'][number % 4 + 1], ['success', 'success', 'success', 'success', 'success', 'success', 'success', 'success', 'denied', 'failure'][number % 10 + 1], if(number % 10 = 8, 'AccessDenied', ''),
    concat('id', toString(a)), concat('AIDA', leftPad(toString(a), 12, '0')), concat('actor-', toString(a)), if(a % 3 = 0, 'human', 'service'), 'aws', concat('AKIA', toString(a)), concat('arn:aws:iam::', toString(111122220000 + a % 50), ':user/actor-', toString(a)),
    concat('s3:Action', toString((a + number % 5) % 40)), concat('bucket-', toString(number % 1000)), concat('192.0.2.', toString(a % 250)), 'aws-cli/2.17', concat('arn:aws:s3:::bucket-', toString(number % 1000), if(number % 20 = 0, concat('/key-', toString(number)), ''), '\0'), if(number % 20 = 0, 'AWS::S3::Object\0', 'AWS::S3::Bucket\0'), 'region\0eu-central-1\0'
FROM (
    SELECT number, if(number % 4 = 0, intDiv(number, 4) % 50000, toUInt64(pow(50000, sipHash64(number, {day:UInt32}, 9) / 18446744073709551616.)) - 1) AS a, toDateTime64('2026-06-04 00:00:00', 6, 'UTC') + toIntervalDay({day:UInt32}) + toIntervalMillisecond(toUInt64(number * 86400000. / {rows:UInt64})) AS t
    FROM numbers({rows:UInt64})
);

INSERT INTO hits (team, rule, event_id, severity, why, feed, time, provider, account, action, outcome, actor, actor_uid, ingested, body)
SELECT team, concat('rule-', toString(sipHash64(id) % 12)), id, 'high', 'made by hand', feed, time, provider, account, action, outcome, actor, actor_uid, ingested, '{}'
FROM events
WHERE ingested >= toDateTime64('2026-06-04 00:00:00', 3, 'UTC') + toIntervalDay({day:UInt32}) AND ingested < toDateTime64('2026-06-05 00:00:00', 3, 'UTC') + toIntervalDay({day:UInt32}) AND sipHash64(id) % 500 = 0;

INSERT INTO raw_events (team, feed, ingested, expires, time, actor, id, raw)
SELECT team, feed, ingested, toDateTime('2027-01-01 00:00:00', 'UTC'), time, actor, id, concat('{"eventVersion":"1.08","eventID":"', id, '","eventName":"', action, '","userIdentity":{"arn":"', actor, '","accountId":"', account, '"},"requestParameters":{"bucketName":"', scope, '","key":"', target_ids[1], '"},"sourceIPAddress":"', src_ip, '","userAgent":"', user_agent, '","pad":"', repeat(substring(id, 1, 8), 60), '"}')
FROM events
WHERE ingested >= toDateTime64('2026-06-04 00:00:00', 3, 'UTC') + toIntervalDay({day:UInt32}) AND ingested < toDateTime64('2026-06-05 00:00:00', 3, 'UTC') + toIntervalDay({day:UInt32}) AND {day:UInt32} >= 86;
