-- Records as they came, of feeds that keep them. Each has its own day to go: whole parts are dropped, nothing is
-- rewritten. Records of one actor stand together, since they resemble each other; blocks are small because whoever looks
-- for one record reads a whole block. A higher level of ZSTD took more time and, so sorted, more space (77 and 83 bytes
-- an event with all columns at the levels 1 and 3). Partitions are those of events in their second half, for the same reason. The
-- filter of ids is ten times finer than others: a page asks for a hundred ids at once, and each is one more that a block may be opened for by mistake.
CREATE TABLE IF NOT EXISTS raw_events
(
    team LowCardinality(String),
    feed LowCardinality(String),
    ingested DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    expires DateTime('UTC') CODEC(Delta, ZSTD(1)),
    time DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    actor String CODEC(ZSTD(1)),
    id String CODEC(ZSTD(1)),
    raw String CODEC(ZSTD(1)),
    INDEX id_bloom id TYPE bloom_filter(0.001) GRANULARITY 4
)
ENGINE = ReplacingMergeTree(ingested)
PARTITION BY (toDate(expires), multiIf(time < ingested - toIntervalDay(1), 'late', time > ingested + toIntervalDay(1), 'ahead', ''))
ORDER BY (team, actor, time, id, feed)
TTL toDate(expires) + INTERVAL 1 DAY
SETTINGS ttl_only_drop_parts = 1, index_granularity = 256, non_replicated_deduplication_window = 10000;
