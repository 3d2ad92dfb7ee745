-- What proves that a log is whole: canaries that arrived, objects that were read with their hashes, digests in which the
-- provider vouches for what it delivered, and offsets that were gone before they could be read.

CREATE TABLE IF NOT EXISTS canaries
(
    team LowCardinality(String),
    feed LowCardinality(String),
    kind LowCardinality(String),
    time DateTime64(6, 'UTC'),
    id String CODEC(ZSTD(1)),
    ingested DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY (team, feed, kind, time, id)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS readings
(
    team LowCardinality(String),
    feed LowCardinality(String),
    name String CODEC(ZSTD(1)),
    hash String CODEC(ZSTD(1)),
    account LowCardinality(String),
    region LowCardinality(String),
    records Int64,
    dead Int64,
    at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (team, feed, name, hash)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS digests
(
    team LowCardinality(String),
    feed LowCardinality(String),
    chain LowCardinality(String),
    name String CODEC(ZSTD(1)),
    object String CODEC(ZSTD(1)),
    bucket LowCardinality(String),
    account LowCardinality(String),
    region LowCardinality(String),
    delivered_from DateTime64(6, 'UTC'),
    delivered_to DateTime64(6, 'UTC'),
    oldest DateTime64(6, 'UTC'),
    end_text String,
    hash String,
    signature String CODEC(ZSTD(1)),
    key LowCardinality(String),
    previous_object String CODEC(ZSTD(1)),
    previous_hash String,
    previous_signature String CODEC(ZSTD(1)),
    backfill UInt8,
    broken String,
    mark String,
    files Array(String) CODEC(ZSTD(1)),
    hashes Array(String) CODEC(ZSTD(1)),
    state LowCardinality(String),
    detail String,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team, feed, chain, delivered_to, name)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS holes
(
    team LowCardinality(String),
    feed LowCardinality(String),
    source String,
    from_pos Int64,
    to_pos Int64,
    noticed DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(noticed)
ORDER BY (team, feed, source, from_pos)
SETTINGS non_replicated_deduplication_window = 10000;
