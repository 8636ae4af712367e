# Makes each stream and consumer, or changes the one that is there.
set -eu
folder=$(dirname "$0")

server() { nats --server "$STORE_CLIENT_ADDRESSES" "$@"; }

# What was applied along with it may still be starting, or choosing its leader.
deadline=$(($(date +%s) + ${{ wait }}))
until answer=$(server --timeout 5s stream ls --names 2>&1); do
  if [ "$(date +%s)" -ge "$deadline" ]; then
    echo "no answer from $STORE_CLIENT_ADDRESSES: $answer" >&2
    exit 1
  fi
  sleep 2
done

stream() {
  if server stream info "$1" >/dev/null 2>&1; then
    server stream edit "$1" --config "$folder/stream-$1.json" --force
  else
    server stream add "$1" --config "$folder/stream-$1.json"
  fi
}

consumer() {
  if server consumer info "$1" "$2" >/dev/null 2>&1; then
    server consumer edit "$1" "$2" --config "$folder/consumer-$1-$2.json" --force
  else
    server consumer add "$1" "$2" --config "$folder/consumer-$1-$2.json"
  fi
}

${% for stream in streams %}
stream ${{ stream.name }}
${% for consumer in stream.consumers %}
consumer ${{ stream.name }} ${{ consumer.name }}
${% endfor %}
${% endfor %}
