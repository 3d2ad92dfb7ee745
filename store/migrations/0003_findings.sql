-- What follows from the evidence, whom it was told to, and how far the sources were read.

CREATE TABLE IF NOT EXISTS findings
(
    team LowCardinality(String),
    fingerprint String,
    kind LowCardinality(String),
    verdict LowCardinality(String),
    severity LowCardinality(String),
    rule LowCardinality(String),
    state LowCardinality(String),
    feed LowCardinality(String),
    first_seen DateTime64(6, 'UTC'),
    last_seen DateTime64(6, 'UTC'),
    identity_uid String,
    identity_name String,
    identity_kind LowCardinality(String),
    identity_owner String,
    grant_id String,
    provider LowCardinality(String),
    account String,
    permission String,
    resource String,
    body String CODEC(ZSTD(1)),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team, fingerprint)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS finding_history
(
    team LowCardinality(String),
    fingerprint String,
    at DateTime64(6, 'UTC'),
    state LowCardinality(String),
    verdict LowCardinality(String),
    severity LowCardinality(String),
    why String CODEC(ZSTD(1)),
    who String
)
ENGINE = ReplacingMergeTree
ORDER BY (team, fingerprint, at, state)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS evaluations
(
    rule LowCardinality(String),
    team LowCardinality(String),
    at DateTime64(6, 'UTC'),
    window_from DateTime64(6, 'UTC'),
    window_to DateTime64(6, 'UTC'),
    status LowCardinality(String),
    judged UInt64,
    findings UInt64,
    why String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (rule, team, at)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS checkpoints
(
    feed LowCardinality(String),
    source String,
    position Int64,
    identity String,
    body String CODEC(ZSTD(1)),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (feed, source)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS deliveries
(
    channel String,
    fingerprint String,
    at DateTime64(6, 'UTC'),
    ts String,
    digest String,
    status LowCardinality(String),
    body String CODEC(ZSTD(1)),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (channel, fingerprint)
SETTINGS non_replicated_deduplication_window = 10000;
