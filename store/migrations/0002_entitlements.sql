-- Who may do what, and who exists, as intervals of time. Rows are written by one detector; the higher version holds.

CREATE TABLE IF NOT EXISTS snapshots
(
    team LowCardinality(String),
    entitlement LowCardinality(String),
    provider LowCardinality(String),
    account String,
    taken_at DateTime64(6, 'UTC'),
    source String,
    status LowCardinality(String),
    reason String CODEC(ZSTD(1)),
    grants UInt64,
    accounts UInt64,
    hash UInt64,
    seen_at DateTime64(3, 'UTC'),
    dated UInt8,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team, entitlement, provider, account, taken_at, source)
SETTINGS non_replicated_deduplication_window = 10000;

-- valid_to is far in the future while the grant is there. A row whose valid_to equals its valid_from was taken back.
CREATE TABLE IF NOT EXISTS grants
(
    team LowCardinality(String),
    entitlement LowCardinality(String),
    provider LowCardinality(String),
    account String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    valid_from DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    valid_to DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    subject String CODEC(ZSTD(1)),
    permission LowCardinality(String),
    resource String CODEC(ZSTD(1)),
    body String CODEC(ZSTD(1)),
    hash UInt64,
    version UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team, entitlement, provider, account, id, valid_from)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS accounts
(
    team LowCardinality(String),
    entitlement LowCardinality(String),
    provider LowCardinality(String),
    account String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    valid_from DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    valid_to DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    name String CODEC(ZSTD(1)),
    uid String CODEC(ZSTD(1)),
    kind LowCardinality(String),
    body String CODEC(ZSTD(1)),
    hash UInt64,
    version UInt64 CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team, entitlement, provider, account, id, valid_from)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS identities
(
    source LowCardinality(String),
    uid String,
    start DateTime64(6, 'UTC'),
    place UInt32,
    end DateTime64(6, 'UTC'),
    kind LowCardinality(String),
    team LowCardinality(String),
    owner String,
    as_of DateTime64(6, 'UTC'),
    removed UInt8,
    body String CODEC(ZSTD(1)),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (source, uid, start, place)
SETTINGS non_replicated_deduplication_window = 10000;
