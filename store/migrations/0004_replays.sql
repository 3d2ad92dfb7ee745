-- What became of dead letters that were read again. A letter is claimed for a replay before it is read, so that a replay
-- that died is finished as it was begun: the same letters, at the same time, hence the same batch.
CREATE TABLE IF NOT EXISTS replays
(
    team LowCardinality(String),
    feed LowCardinality(String),
    letter String,
    replay String,
    state LowCardinality(String),
    reason LowCardinality(String),
    detail String CODEC(ZSTD(1)),
    at DateTime64(3, 'UTC'),
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (team, feed, letter);
