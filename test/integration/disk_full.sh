#!/bin/bash
# A full disk: writes are refused with a reason, reads go on, nothing acknowledged is lost, and writing
# resumes when there is room. On a file system of 48 MiB of our own.
. "$(dirname "$0")/lib.sh"
mkdir "$work/small"
mount -t tmpfs -o size=48m tmpfs "$work/small" 2>/dev/null || { echo "no right to mount a tmpfs"; exit 77; }
trap 'stop_agent; umount "$work/small"; cleanup' EXIT
head -c 360000 /dev/urandom | base64 -w0 >"$work/value"
put() { curl -s -o "$work/answer" -w '%{http_code}' -X PUT --data-binary @"$work/value" "$consul_url/v1/kv/$1"; }
size_of() { curl -sf "$consul_url/v1/kv/$1?raw" | wc -c; }
want=$(wc -c <"$work/value")

start_agent -data-dir="$work/small/data"
[ "$(put first)" = 200 ] || fail "the first write: $(cat "$work/answer")"
head -c 20M /dev/zero >"$work/small/filler"
n=0 code=200
while [ "$code" = 200 ] && [ $n -lt 200 ]; do
    n=$((n + 1))
    code=$(put "fill/$n")
done
[ "$code" != 200 ] || fail "200 values of half a megabyte went into 48 MiB"
expect "status of a write without room" 500 "$code"
contains "$(cat "$work/answer" | tr 'A-Z' 'a-z')" "no space"
echo "full after $n values: $(cat "$work/answer")"

for k in first $(seq -f 'fill/%g' $((n - 1))); do
    expect "reading $k on a full disk" "$want" "$(size_of "$k")"
done
expect "the refused value" 404 "$(curl -s -o /dev/null -w '%{http_code}' "$consul_url/v1/kv/fill/$n")"
"$platform" status >/dev/null || fail "status on a full disk"
[ "$(put again)" = 500 ] || fail "a second write on a full disk: $(cat "$work/answer")"

rm "$work/small/filler"
resumed() { [ "$(put later)" = 200 ]; }
wait_for "writing to resume" resumed
expect "the value after resuming" "$want" "$(size_of later)"

kill -9 $agent; wait $agent 2>/dev/null
start_agent -data-dir="$work/small/data"
for k in first later $(seq -f 'fill/%g' $((n - 1))); do
    expect "$k after a restart" "$want" "$(size_of "$k")"
done
expect "the refused value after a restart" 404 \
    "$(curl -s -o /dev/null -w '%{http_code}' "$consul_url/v1/kv/fill/$n")"
