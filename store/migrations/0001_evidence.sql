-- What the ingesters write: events, what was folded from them, and the account of every batch.
-- Each table keeps the tokens of its last 10 000 inserts: a batch that is written again is taken once.

-- Names that a large organisation has tens of thousands of are plain strings: measured with 50 000 actors, they take a
-- quarter less space than as LowCardinality, and merging parts costs half as much. New parts stay compact until they are
-- large, because forty columns of a batch are otherwise forty pairs of files: that halves the work of an insert.
--
-- An id that is a UUID is stored as one, which is half as long as its compressed text. Where a text repeats another of the
-- same event a NUL stands for it: a name that is what stands behind the last slash of the actor, an issuer that is the actor,
-- a session that is the credential; in a chain, where NUL ends each link, the byte 1 stands for the actor's id, and comes before a link
-- that begins with it. Lists and maps are texts too, each element ended by a NUL, which no element has: as arrays of LowCardinality
-- they took two thirds of the time of a merge. The columns without _own say what was written. Within six hours the rows of an actor
-- stand together: they resemble each other, and whoever asks for an actor reads four stretches a day.
--
-- A part keeps the earliest and the latest value of the columns of its partition, so time is among them: whoever asks for a
-- stretch of time passes over the parts of other days without a look at their indexes. What comes more than a day late,
-- or with a clock that is ahead, has parts of its own and does not widen the bounds of the others. A part costs a question more than what it
-- reads of it: a week that has been over for a day becomes one part.
CREATE TABLE IF NOT EXISTS events
(
    team LowCardinality(String) CODEC(ZSTD(1)),
    feed LowCardinality(String) CODEC(ZSTD(1)),
    ingested DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    time DateTime64(6, 'UTC') CODEC(GCD, T64, ZSTD(1)),
    id_uuid UUID CODEC(NONE),
    id_text String CODEC(ZSTD(1)),
    provider LowCardinality(String) CODEC(ZSTD(1)),
    account LowCardinality(String) CODEC(ZSTD(1)),
    class LowCardinality(String) CODEC(ZSTD(1)),
    log_class LowCardinality(String) CODEC(ZSTD(1)),
    action LowCardinality(String) CODEC(ZSTD(1)),
    access LowCardinality(String) CODEC(ZSTD(1)),
    outcome LowCardinality(String) CODEC(ZSTD(1)),
    error LowCardinality(String) CODEC(ZSTD(1)),
    actor_id String CODEC(ZSTD(1)),
    actor_uid String CODEC(ZSTD(1)),
    actor_name_own String CODEC(ZSTD(1)),
    actor_email String CODEC(ZSTD(1)),
    actor_kind LowCardinality(String) CODEC(ZSTD(1)),
    issuer_own String CODEC(ZSTD(1)),
    credential String CODEC(ZSTD(1)),
    actor String CODEC(ZSTD(1)),
    permission LowCardinality(String) CODEC(ZSTD(1)),
    scope LowCardinality(String) CODEC(ZSTD(1)),
    via LowCardinality(String) CODEC(ZSTD(1)),
    src_ip String CODEC(ZSTD(1)),
    user_agent LowCardinality(String) CODEC(ZSTD(1)),
    session_own String CODEC(ZSTD(1)),
    change_kind LowCardinality(String) CODEC(ZSTD(1)),
    change_subject String CODEC(ZSTD(1)),
    change_grant String CODEC(ZSTD(1)),
    flag LowCardinality(String) CODEC(ZSTD(1)),
    chain_own String CODEC(ZSTD(1)),
    groups_own String CODEC(ZSTD(1)),
    target_ids_own String CODEC(ZSTD(1)),
    target_types_own String CODEC(ZSTD(1)),
    attrs_own String CODEC(ZSTD(1)),
    id String ALIAS if(id_text = '', toString(id_uuid), id_text),
    actor_name String ALIAS if(actor_name_own = '\0', splitByChar('/', actor)[-1], actor_name_own),
    issuer String ALIAS if(issuer_own = '\0', actor, issuer_own),
    session String ALIAS if(session_own = '\0', credential, session_own),
    chain Array(String) ALIAS arrayMap(link -> if(link = '\x01', actor_id, if(startsWith(link, '\x01'), substring(link, 2), link)), arrayPopBack(splitByChar('\0', chain_own))),
    groups Array(String) ALIAS arrayPopBack(splitByChar('\0', groups_own)),
    target_ids Array(String) ALIAS arrayPopBack(splitByChar('\0', target_ids_own)),
    target_types Array(String) ALIAS arrayPopBack(splitByChar('\0', target_types_own)),
    attrs Map(String, String) ALIAS mapFromArrays(
        arrayFilter((text, i) -> i % 2 = 1, arrayPopBack(splitByChar('\0', attrs_own)), arrayEnumerate(arrayPopBack(splitByChar('\0', attrs_own)))),
        arrayFilter((text, i) -> i % 2 = 0, arrayPopBack(splitByChar('\0', attrs_own)), arrayEnumerate(arrayPopBack(splitByChar('\0', attrs_own))))),
    INDEX change_kind_set change_kind TYPE set(16) GRANULARITY 4,
    INDEX outcome_set outcome TYPE set(8) GRANULARITY 1,
    INDEX credential_bloom credential TYPE bloom_filter(0.05) GRANULARITY 4,
    INDEX actor_uid_bloom actor_uid TYPE bloom_filter(0.05) GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY (toMonday(ingested), multiIf(time < ingested - toIntervalDay(1), 'late', time > ingested + toIntervalDay(1), 'ahead', ''))
ORDER BY (team, toStartOfInterval(time, toIntervalHour(6)), actor, time)
SETTINGS non_replicated_deduplication_window = 10000, min_bytes_for_wide_part = 134217728, index_granularity = 4096, min_age_to_force_merge_seconds = 86400, min_age_to_force_merge_on_partition_only = 1;

-- Who used which permission. Every column beside the key is a minimum, a maximum or a union.
CREATE TABLE IF NOT EXISTS usage
(
    team LowCardinality(String),
    provider LowCardinality(String),
    account LowCardinality(String),
    actor String CODEC(ZSTD(1)),
    actor_uid String CODEC(ZSTD(1)),
    permission LowCardinality(String),
    scope String CODEC(ZSTD(1)),
    via String CODEC(ZSTD(1)),
    feed LowCardinality(String),
    first SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    last_ref SimpleAggregateFunction(max, String) CODEC(ZSTD(1)),
    days SimpleAggregateFunction(groupUniqArrayArray, Array(UInt16)),
    first_denied SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_denied SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    groups SimpleAggregateFunction(groupUniqArrayArray, Array(String))
)
ENGINE = AggregatingMergeTree
ORDER BY (team, provider, account, actor, actor_uid, permission, scope, via, feed)
SETTINGS non_replicated_deduplication_window = 10000;

-- In which minutes a feed said something at all.
CREATE TABLE IF NOT EXISTS coverage
(
    team LowCardinality(String),
    feed LowCardinality(String),
    minute DateTime('UTC') CODEC(Delta, ZSTD(1)),
    first SimpleAggregateFunction(min, DateTime64(3, 'UTC')),
    last SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (team, feed, minute)
SETTINGS non_replicated_deduplication_window = 10000;

-- Session credentials: who asked for each, for which role, and when it was used.
CREATE TABLE IF NOT EXISTS sessions
(
    team LowCardinality(String),
    provider LowCardinality(String),
    credential String CODEC(ZSTD(1)),
    parent SimpleAggregateFunction(max, String) CODEC(ZSTD(1)),
    parent_uid SimpleAggregateFunction(max, String) CODEC(ZSTD(1)),
    parent_cred SimpleAggregateFunction(max, String) CODEC(ZSTD(1)),
    role SimpleAggregateFunction(max, String) CODEC(ZSTD(1)),
    issued SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    first SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last SimpleAggregateFunction(max, DateTime64(6, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (team, provider, credential)
SETTINGS non_replicated_deduplication_window = 10000;

-- The account of each batch, written last. A batch that is read again replaces its row, so that sums are exact.
CREATE TABLE IF NOT EXISTS batches
(
    team LowCardinality(String),
    feed LowCardinality(String),
    source String CODEC(ZSTD(1)),
    from_pos Int64,
    to_pos Int64,
    received Int64,
    stored Int64,
    filtered Int64,
    dead Int64,
    flagged Int64,
    lateness Array(UInt32) CODEC(ZSTD(1)),
    newest DateTime64(6, 'UTC'),
    accounts Array(String),
    ingested DateTime64(3, 'UTC'),
    token String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(ingested)
ORDER BY (team, feed, source, from_pos)
SETTINGS non_replicated_deduplication_window = 10000;

-- Records that could not be decoded, with their bytes.
CREATE TABLE IF NOT EXISTS dead_letters
(
    team LowCardinality(String),
    feed LowCardinality(String),
    id String,
    reason LowCardinality(String),
    detail String CODEC(ZSTD(1)),
    position String CODEC(ZSTD(1)),
    at DateTime64(3, 'UTC'),
    raw String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (team, feed, id)
SETTINGS non_replicated_deduplication_window = 10000;

-- Events that an event rule matched; body is the whole event as JSON.
CREATE TABLE IF NOT EXISTS hits
(
    team LowCardinality(String),
    rule LowCardinality(String),
    event_id String,
    severity LowCardinality(String),
    why String CODEC(ZSTD(1)),
    feed LowCardinality(String),
    time DateTime64(6, 'UTC'),
    provider LowCardinality(String),
    account LowCardinality(String),
    action LowCardinality(String),
    outcome LowCardinality(String),
    actor String CODEC(ZSTD(1)),
    actor_uid String CODEC(ZSTD(1)),
    ingested DateTime64(3, 'UTC'),
    body String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(ingested)
ORDER BY (team, rule, event_id)
SETTINGS non_replicated_deduplication_window = 10000;
