-- Figures of each evaluation, so that panels, page and report draw a history from the same numbers that were printed
-- then. A figure is replaced when the same moment is evaluated again; nothing is summed. The organisation's own figures
-- have the team '*', which no team can be called. gone marks a figure that a second evaluation of the same moment no
-- longer has: panels leave such rows out.

CREATE TABLE IF NOT EXISTS figures
(
    team LowCardinality(String),
    at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    name LowCardinality(String),
    label LowCardinality(String),
    value Float64,
    gone UInt8,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team, name, label, at)
SETTINGS non_replicated_deduplication_window = 10000;

-- The share of each day in which a feed was covered, and with which grade; of the present day, the share of its part
-- that can be answered for. gaps is a JSON list of access.Gap; blinds is how many verdicts this day's gaps made UNVERIFIABLE.
CREATE TABLE IF NOT EXISTS feed_days
(
    team LowCardinality(String),
    feed LowCardinality(String),
    day Date,
    covered Float64,
    grade LowCardinality(String),
    gaps String CODEC(ZSTD(1)),
    blinds UInt64,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team, feed, day)
SETTINGS non_replicated_deduplication_window = 10000;

-- Who issued each credential of a non-human identity, what it can reach and when it expires; each known, stale or unknown.
-- expiry says in words what expires says as a time: a moment, 'never', or how long its sessions last. gone rows are history.
CREATE TABLE IF NOT EXISTS credential_answers
(
    team LowCardinality(String),
    identity_uid String,
    credential String,
    identity_name String,
    identity_kind LowCardinality(String),
    owner String,
    provider LowCardinality(String),
    kind LowCardinality(String),
    issuer_state LowCardinality(String),
    issuer String,
    issuer_evidence String CODEC(ZSTD(1)),
    reach_state LowCardinality(String),
    reach UInt64,
    reach_weight Float64,
    reach_evidence String CODEC(ZSTD(1)),
    expiry_state LowCardinality(String),
    expiry String,
    expires DateTime64(6, 'UTC'),
    expiry_evidence String CODEC(ZSTD(1)),
    at DateTime64(6, 'UTC'),
    gone UInt8,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team, identity_uid, credential)
SETTINGS non_replicated_deduplication_window = 10000;

-- What is recommended for each team and layer, at each evaluation.
CREATE TABLE IF NOT EXISTS governance
(
    team LowCardinality(String),
    layer LowCardinality(String),
    at DateTime64(6, 'UTC'),
    recommendation LowCardinality(String),
    candidate LowCardinality(String),
    rule LowCardinality(String),
    why String CODEC(ZSTD(1)),
    counterfactual String CODEC(ZSTD(1)),
    since DateTime64(6, 'UTC'),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team, layer, at)
SETTINGS non_replicated_deduplication_window = 10000;

-- How long it took to take away the access that a person who left had with a team. A revocation that only a snapshot tells
-- of is dated by the first snapshot that told of it, so the earliest moment on record stands. revoked is 1970-01-01 while
-- some access is left.
CREATE TABLE IF NOT EXISTS revocations
(
    team LowCardinality(String),
    person String,
    ended DateTime64(6, 'UTC'),
    revoked DateTime64(6, 'UTC'),
    open UInt64,
    evidence String CODEC(ZSTD(1)),
    at DateTime64(6, 'UTC'),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team, person, ended)
SETTINGS non_replicated_deduplication_window = 10000;
