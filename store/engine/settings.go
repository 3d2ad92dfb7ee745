package engine

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// tuning is what the engine may take of the machine.
type tuning struct {
	threads int   // of one statement
	memory  int64 // of the whole engine, in bytes
}

const mebi = 1 << 20

// serverSettings keep an idle engine small: the defaults assume that the
// machine belongs to ClickHouse (5 GiB for marks alone, 10 000 threads).
func (t tuning) serverSettings() [][2]string {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	return [][2]string{
		{"max_server_memory_usage", n(t.memory)},
		{"mark_cache_size", n(64 * mebi)},
		{"uncompressed_cache_size", "0"},
		{"index_mark_cache_size", n(16 * mebi)},
		{"index_uncompressed_cache_size", "0"},
		{"primary_index_cache_size", n(64 * mebi)},
		{"query_condition_cache_size", n(16 * mebi)},
		{"compiled_expression_cache_size", n(16 * mebi)},
		{"mmap_cache_size", "64"},
		{"background_pool_size", "2"},
		{"background_schedule_pool_size", "4"},
		{"max_thread_pool_size", "1000"},
		{"max_thread_pool_free_size", "32"},
		{"max_io_thread_pool_size", "16"},
		{"max_io_thread_pool_free_size", "2"},
	}
}

// profileSettings are the defaults of every session.
//
// implicit_select is off because it would turn a mistyped keyword into a
// query. Dependent materialised views deduplicate with the table they read
// from, or a repeated insert would count twice in them.
func (t tuning) profileSettings() [][2]string {
	return [][2]string{
		{"async_insert", "0"},
		{"deduplicate_blocks_in_dependent_materialized_views", "1"},
		{"implicit_select", "0"},
		{"max_threads", strconv.Itoa(t.threads)},
		{"max_insert_threads", "1"},
		{"max_memory_usage", strconv.FormatInt(t.memory/10*7, 10)},
		{"session_timezone", "UTC"},
	}
}

// tableSettings are the defaults of every table. They are measured (docs/adr/0028).
//
// Ten parts and not five are merged into one: rows are written again half as often, and a reader has a few more parts to
// open. The lengths of texts stand between the texts and not in a column of their own, which takes a quarter of a byte for
// each text, the same ones included. Statistics of values are for joins, of which there are none here.
func tableSettings() [][2]string {
	return [][2]string{
		{"merge_selector_base", "10"},
		{"string_serialization_version", "single_stream"},
		{"auto_statistics_types", ""},
		{"materialize_statistics_on_merge", "0"},
	}
}

// grants close the ways out of the data directory. The engine was made to read
// any file and any address its caller names; whoever can reach the socket of
// this one may use its tables and nothing else. SYSTEM SHUTDOWN would end the
// process without a word.
var grants = []string{
	"GRANT ALL ON *.* WITH GRANT OPTION",
	"REVOKE SOURCES ON *.*",
	"REVOKE SYSTEM SHUTDOWN ON *.*",
	"REVOKE BACKUP ON *.*",
	"REVOKE CREATE DICTIONARY ON *.*",
}

// bannedEngines are the table engines that reach out of the data directory.
var bannedEngines = []string{
	"File", "URL", "Executable", "ExecutablePool", "FileLog", "S3", "HDFS", "AzureBlobStorage",
	"MySQL", "PostgreSQL", "MaterializedPostgreSQL", "MongoDB", "Redis", "SQLite", "ODBC", "JDBC",
	"Kafka", "NATS", "RabbitMQ", "Hive", "Iceberg", "DeltaLake", "Hudi", "S3Queue", "AzureQueue",
}

// writeConfig writes the engine's two configuration files and returns the path
// of the first. Without a file that is named, the engine would pick up a
// config.xml that happens to lie in the working or home directory.
func writeConfig(dir string, t tuning) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("engine: %w", err)
	}
	usersPath := filepath.Join(dir, "users.xml")
	var server strings.Builder
	server.WriteString("<clickhouse>\n")
	for _, s := range append(t.serverSettings(), [2]string{"users_config", usersPath}, [2]string{"timezone", "UTC"}) {
		element(&server, s[0], s[1])
	}
	server.WriteString("<merge_tree>\n")
	for _, s := range tableSettings() {
		element(&server, s[0], s[1])
	}
	server.WriteString("</merge_tree>\n")
	server.WriteString("<access_control_improvements><table_engines_require_grant>true</table_engines_require_grant></access_control_improvements>\n</clickhouse>\n")

	var users strings.Builder
	users.WriteString("<clickhouse>\n<profiles><default>\n")
	for _, s := range t.profileSettings() {
		element(&users, s[0], s[1])
	}
	users.WriteString("<constraints><async_insert><const/></async_insert></constraints>\n</default></profiles>\n")
	users.WriteString("<users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>\n<grants>\n")
	for _, g := range grants {
		element(&users, "query", g)
	}
	for _, e := range bannedEngines {
		element(&users, "query", "REVOKE TABLE ENGINE ON "+e)
	}
	users.WriteString("</grants></default></users>\n<quotas><default></default></quotas>\n</clickhouse>\n")

	configPath := filepath.Join(dir, "config.xml")
	for path, text := range map[string]string{configPath: server.String(), usersPath: users.String()} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("engine: %w", err)
		}
	}
	return configPath, nil
}

func element(b *strings.Builder, name, value string) {
	b.WriteString("<" + name + ">")
	_ = xml.EscapeText(b, []byte(value)) // a strings.Builder does not fail
	b.WriteString("</" + name + ">\n")
}
