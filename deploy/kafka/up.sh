#!/usr/bin/env bash
# Starts one Apache Kafka broker (KRaft, broker and controller in one) on loopback ports and waits until it answers.
# The first time, Maven fetches it into the user's cache. Prints the address on the last line.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$HERE/place.sh"

if running; then
  echo "127.0.0.1:$PORT"
  exit 0
fi
if ! command -v java > /dev/null || ! command -v mvn > /dev/null; then
  echo "missing: java (17 or later) or mvn. On Debian: sudo apt-get install -y --no-install-recommends openjdk-17-jre-headless maven" >&2
  exit 2
fi

if [ ! -d "$LIB" ]; then
  echo "fetching Apache Kafka (once)" >&2
  rm -rf "$LIB.part"
  mkdir -p "$CACHE"
  mvn -q -B -f "$HERE/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$LIB.part" >&2
  mv "$LIB.part" "$LIB"
fi

mkdir -p "$DATA"
cat > "$DATA/server.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$CONTROLLER_PORT
listeners=PLAINTEXT://127.0.0.1:$PORT,CONTROLLER://127.0.0.1:$CONTROLLER_PORT
advertised.listeners=PLAINTEXT://127.0.0.1:$PORT
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$DATA/log
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=2
log.retention.hours=24
log.retention.bytes=2147483648
${KAFKA_MORE:-}
EOF

run=(java -Xms128m "-Xmx${KAFKA_HEAP:-512m}" -XX:+UseSerialGC "-Dlog4j2.configurationFile=$HERE/log4j2.properties" -cp "$LIB/*")
if [ ! -f "$DATA/log/meta.properties" ]; then
  id="$(head -c 16 /dev/urandom | base64 | tr '+/' 'AA' | tr -d '=')"
  "${run[@]}" kafka.tools.StorageTool format -t "$id" -c "$DATA/server.properties" > "$DATA/format.out" 2>&1 || { cat "$DATA/format.out" >&2; exit 1; }
fi
setsid nohup "${run[@]}" kafka.Kafka "$DATA/server.properties" > "$DATA/broker.out" 2>&1 < /dev/null &
echo $! > "$PID"

for _ in $(seq 1 240); do
  if ! kill -0 "$(cat "$PID")" 2>/dev/null; then # for its first moments it is not java yet, and not what running looks for
    echo "the broker has ended:" >&2
    tail -n 30 "$DATA/broker.out" >&2
    exit 1
  fi
  if grep -q 'Kafka Server started' "$DATA/broker.out" && (exec 3<> "/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then
    echo "127.0.0.1:$PORT"
    exit 0
  fi
  sleep 0.25
done
echo "the broker does not answer after a minute; see $DATA/broker.out" >&2
exit 1
