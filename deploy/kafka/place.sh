# Where the broker's files are; read by up.sh and down.sh. Everything can be set from outside;
# KAFKA_MORE holds lines for the end of server.properties.
PORT="${KAFKA_PORT:-19092}"
CONTROLLER_PORT="${KAFKA_CONTROLLER_PORT:-$((PORT + 1))}"
CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/grantwatch/kafka"
LIB="$CACHE/lib-$(cksum < "$HERE/pom.xml" | cut -d' ' -f1)"
DATA="${KAFKA_DATA:-$CACHE/data-$PORT}"
PID="$DATA/pid"

# running reports whether the broker that up.sh started is alive, and not some other process with its number.
running() {
  [ -f "$PID" ] && kill -0 "$(cat "$PID")" 2>/dev/null && tr '\0' ' ' < "/proc/$(cat "$PID")/cmdline" 2>/dev/null | grep -q "kafka.Kafka $DATA/"
}
