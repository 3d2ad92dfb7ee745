-- Figures of each evaluation, so that panels, page and report draw a history from the same numbers that were printed
-- then. A figure is replaced when the same moment is evaluated again; nothing is summed.

CREATE TABLE IF NOT EXISTS figures
(
    team LowCardinality(String),
    at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    name LowCardinality(String),
    label LowCardinality(String),
    value Float64,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team, name, label, at)
SETTINGS non_replicated_deduplication_window = 10000;

-- The share of each day in which a feed was covered, and with which grade.
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
