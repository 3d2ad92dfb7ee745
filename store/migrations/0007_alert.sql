-- What people said of findings, asked for from a message, and what could not be told. Each row is replaced by the next
-- one of its key; body holds it whole, the columns beside it are for those who look.

CREATE TABLE IF NOT EXISTS handlings
(
    team LowCardinality(String),
    fingerprint String,
    state LowCardinality(String),
    at DateTime64(6, 'UTC'),
    body String CODEC(ZSTD(1)),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team, fingerprint)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS exceptions_made
(
    team LowCardinality(String),
    fingerprint String,
    expires DateTime64(6, 'UTC'),
    approver String,
    requester String,
    body String CODEC(ZSTD(1)),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team, fingerprint)
SETTINGS non_replicated_deduplication_window = 10000;

-- Every action that anybody asked for, also those that were refused. The id is that of the press, so that one press
-- that is delivered twice is one row.

CREATE TABLE IF NOT EXISTS actions
(
    id String,
    at DateTime64(6, 'UTC'),
    team LowCardinality(String),
    verb LowCardinality(String),
    identity String,
    refused LowCardinality(String),
    changed UInt64,
    body String CODEC(ZSTD(1)),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY id
SETTINGS non_replicated_deduplication_window = 10000;

-- Channels that refuse for good, until they take something again.

CREATE TABLE IF NOT EXISTS alert_troubles
(
    channel String,
    open UInt8,
    at DateTime64(6, 'UTC'),
    body String CODEC(ZSTD(1)),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY channel
SETTINGS non_replicated_deduplication_window = 10000;
