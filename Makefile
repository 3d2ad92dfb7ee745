# Grantwatch. `make help` lists everything.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO           ?= go
BIN          := bin/grantwatch
TOOLS        := $(CURDIR)/.cache/bin
GOLANGCI     := $(TOOLS)/golangci-lint
GOLANGCI_VER := v2.15.0
VERSION      ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME     ?= 10s
EVENTS       ?= 500000
PANEL_EVENTS ?= 10000000
SEED         ?= 1

export CGO_ENABLED ?= 0

.PHONY: help
help: ## list every target
	@grep -hE '^[a-z][a-zA-Z_-]*:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

.PHONY: run
run: build engine ## the main job on a made-up organisation: findings, page and report (ONCE=1: and exit)
	$(BIN) demo --events $(EVENTS) --seed $(SEED) $(if $(ONCE),--once)

.PHONY: build
build: ## build bin/grantwatch
	@echo "building $(BIN)"
	@$(GO) build -trimpath -ldflags "-X main.version=$(VERSION)" -o $(BIN) ./cmd/grantwatch

.PHONY: engine
engine: build ## fetch the embedded ClickHouse engine into the user's cache, once
	@deploy/require.sh npm
	@$(BIN) engine fetch

.PHONY: test
test: build engine ## every test that needs no broker and no browser
	@deploy/require.sh curl
	@$(GO) vet ./...
	@$(GO) test -timeout 20m ./...

.PHONY: test-race
test-race: engine ## the same under the race detector
	@CGO_ENABLED=1 $(GO) test -race -timeout 30m ./...

.PHONY: test-browser
test-browser: build engine test-editors ## every page, the report and the editors of the plugin in headless Chromium: axe, keyboard, dark, narrow, print, without scripts
	@deploy/require.sh chromium npm openssl
	@deploy/browser/axe.sh >/dev/null
	@$(GO) test -count=1 -tags browser -timeout 20m ./deploy/browser/...

.PHONY: update
update: engine ## rewrite every golden file and generated page, then run the tests again
	@$(GO) run ./rules/gendocs
	@$(GO) run ./dashboards/queries/gendocs
	@$(GO) run ./dashboards/grafana/gen
	@deploy/update-goldens.sh
	@$(MAKE) test

.PHONY: generate
generate: ## rewrite generated pages (docs/rules, docs/queries.md), dashboards and alert rules
	@$(GO) run ./rules/gendocs
	@$(GO) run ./dashboards/queries/gendocs
	@$(GO) run ./dashboards/grafana/gen

.PHONY: lint
lint: $(GOLANGCI) ## gofmt, vet, golangci-lint, generated pages up to date, rules checked
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "not formatted:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	@$(GO) mod verify
	@$(GO) mod tidy -diff
	@$(GOLANGCI) run ./...
	@$(GO) run ./cmd/grantwatch rules lint
	@$(GO) run ./rules/gendocs -check
	@$(GO) run ./dashboards/queries/gendocs -check
	@$(GO) run ./dashboards/grafana/gen -check
	@$(MAKE) --no-print-directory test-plugin-frontend
	@cd dashboards/datasource && $(GO) mod tidy -diff && $(GO) vet ./... && $(GOLANGCI) run ./...

$(GOLANGCI):
	@echo "building golangci-lint $(GOLANGCI_VER) (once)"
	@GOBIN=$(TOOLS) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VER)

.PHONY: test-plugin
test-plugin: engine ## the data source's process over Grafana's plugin protocol, against the embedded engine
	@cd dashboards/datasource && $(GO) vet ./... && $(GO) test -count=1 -v -timeout 20m . | grep -v '^=== \|^    ---'

.PHONY: plugin-backend
plugin-backend: ## the data source's binaries for linux amd64 and arm64, in dashboards/plugin/dist
	@cd dashboards/datasource && for arch in amd64 arm64; do \
	  echo "building gpx_grantwatch_datasource_linux_$$arch"; \
	  GOOS=linux GOARCH=$$arch $(GO) build -trimpath -ldflags "-s -w" -o ../plugin/dist/gpx_grantwatch_datasource_linux_$$arch ./cmd/grantwatch-datasource; done

.PHONY: plugin
plugin: plugin-frontend plugin-backend ## the Grafana plugin as an archive with its hashes, in dist
	@$(GO) run ./dashboards/plugin/pack

NODE_MODULES := dashboards/plugin/node_modules/.package-lock.json
$(NODE_MODULES): dashboards/plugin/package-lock.json
	@deploy/require.sh node:nodejs npm
	@echo "installing the front end's packages (once)"
	@cd dashboards/plugin && nice npm ci --silent --prefer-offline && touch node_modules/.package-lock.json

.PHONY: plugin-frontend
plugin-frontend: $(NODE_MODULES) ## the front end of the Grafana plugin, in dashboards/plugin/dist
	@cd dashboards/plugin && npm run -s build

.PHONY: test-plugin-frontend
test-plugin-frontend: plugin-frontend ## types, eslint and unit tests of the front end
	@cd dashboards/plugin && npm run -s typecheck && npm run -s lint && npm run -s test

.PHONY: test-editors
test-editors: plugin-frontend engine ## the plugin's editors and every panel of the dashboards in headless Chromium, before the real plugin (PICTURES=folder: screenshots)
	@deploy/require.sh chromium
	@cd dashboards/datasource && $(GO) build -o ../plugin/.build/ ./harness && $(GO) build -o ../plugin/.build/gpx_grantwatch_datasource ./cmd/grantwatch-datasource
	@cd dashboards/plugin && npm run -s harness && npm run -s test:browser

.PHONY: bench-panels
bench-panels: build engine ## p50 and p95 of every query over PANEL_EVENTS events (10 000 000) while events are inserted, and of the plugin's start, written to bench/out
	@$(GO) run ./dashboards/queries/benchpanels -events $(PANEL_EVENTS)
	@cd dashboards/datasource && $(GO) test -run '^$$' -bench Start -benchtime 20x . | grep ^Benchmark | tee -a ../../bench/out/panels.txt

.PHONY: fuzz-smoke
fuzz-smoke: ## every fuzz test for FUZZTIME each
	@deploy/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: build engine ## figures of the main job, printed and written to bench/out
	@deploy/require.sh curl python3
	@bench/main.sh

.PHONY: bench-alert
bench-alert: build engine ## what planning costs, a storm of 10 000 findings on a virtual clock, and how soon an event is told of: wire to Slack's request, by push, Kafka and files, written to bench/out
	@deploy/require.sh java:openjdk-17-jre-headless mvn:maven
	@$(GO) test -count=1 -run '^$$' -bench Plan100000 -benchtime 5x ./alert
	@$(GO) test -count=1 -v -run TestTenThousandInAMinute ./alert
	@$(GO) test -count=1 -v -run TestHitsUnderLoad ./cmd/grantwatch/internal/app
	@export KAFKA_PORT=$${KAFKA_PORT:-29092}; trap deploy/kafka/down.sh EXIT; \
	  $(GO) run ./cmd/grantwatch/internal/benchalert -broker "$$(deploy/kafka/up.sh | tail -n 1)"

.PHONY: test-alert
test-alert: ## the fault script over Slack's protocol: what was lost and doubled is counted and must be none
	@$(GO) test -count=1 -v -run 'TestFaultScript|TestFiles' ./alert/...
	@$(GO) test -count=1 -v -run TestExactlyOneTells ./cmd/grantwatch/internal/app

.PHONY: bench-ingest
bench-ingest: build engine ## figures of the ingesters against the engine and a real broker, written to bench/out
	@deploy/require.sh java:openjdk-17-jre-headless mvn:maven
	@export KAFKA_PORT=$${KAFKA_PORT:-29092}; trap deploy/kafka/down.sh EXIT; \
	  address="$$(deploy/kafka/up.sh | tail -n 1)"; \
	  $(GO) run ./cmd/grantwatch/internal/benchingest -broker "$$address" -broker-pid "$$(cat "$$(HERE="$$PWD/deploy/kafka"; source deploy/kafka/place.sh; echo "$$PID")")"

.PHONY: bench-page
bench-page: build engine ## what each page takes over 100 000 findings and 10 000 000 events (EVENTS=), written to bench/out
	@$(GO) run ./cmd/grantwatch/internal/benchpage -events $(if $(filter 500000,$(EVENTS)),10000000,$(EVENTS))

.PHONY: chaos
chaos: build engine ## kill, starve and flood it while logs flow in: lost and duplicated must be 0 (LONG=1, FAULT=kill-engine)
	@deploy/require.sh java:openjdk-17-jre-headless mvn:maven
	@$(GO) run ./cmd/grantwatch/internal/chaos -seed $(SEED) $(if $(LONG),-long) $(if $(FAULT),-fault $(FAULT))

.PHONY: test-shippers
test-shippers: build engine ## ship through rsyslog, syslog-ng, curl, OTLP and HEC while grantwatch is killed: lost must be 0
	@deploy/shippers/try.sh $(RECORDS)

.PHONY: pictures
pictures: build engine test-editors ## screenshots of the page, the report, the messages and the dashboards in docs/pictures
	@deploy/require.sh chromium npm openssl curl pdftoppm:poppler-utils
	@deploy/browser/axe.sh >/dev/null
	@mkdir -p docs/pictures
	@$(GO) test -count=1 -tags browser -timeout 20m -run 'EveryPage|SignIn|Report' ./deploy/browser/ -pictures $(CURDIR)/docs/pictures
	@deploy/slack-pictures.sh
	@deploy/grafana-pictures.sh

.PHONY: clean
clean: ## remove what was built; caches outside the folder stay
	@rm -rf bin bench/out .cache

.PHONY: kafka-up
kafka-up: ## start a real Apache Kafka broker on loopback (KAFKA_PORT, 19092 unless set), fetched by Maven once
	@deploy/require.sh java:openjdk-17-jre-headless mvn:maven
	@deploy/kafka/up.sh

.PHONY: kafka-down
kafka-down: ## stop that broker and remove its data (KEEP=1: keep the data)
	@deploy/kafka/down.sh

.PHONY: test-kafka
test-kafka: ## the Kafka source against a real broker of its own, which is stopped afterwards
	@deploy/require.sh java:openjdk-17-jre-headless mvn:maven
	@export KAFKA_PORT=$${KAFKA_PORT:-29092}; trap deploy/kafka/down.sh EXIT; \
	  address="$$(deploy/kafka/up.sh | tail -n 1)"; \
	  GRANTWATCH_KAFKA="$$address" $(GO) test -count=1 -tags kafka -run 'Kafka|RealBroker' -v -timeout 10m ./ingest/ ./ingest/source/kafka/ | grep -v '^=== '
