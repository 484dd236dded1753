# Scaling down and replacing under load fails no request: out of the tables first, then the signal.
. "$(dirname "$0")/lib.sh"
start_agent
job=$(echo_job 4 under-load busy)
"$platform" run "$job" >/dev/null || fail run
wait_for "four routes" routes_are 4
wrk -t1 -c16 -d6s "$proxy_url/http-echo" >"$work/wrk" 2>&1 &
load=$!
for count in 1 3 2 4; do
    sed -i "s/count = [0-9]*/count = $count/" "$job"
    "$platform" run "$job" >/dev/null || fail "run with $count"
    wait_for "$count routes" routes_are $count
done
sed -i 's/under-load/under-more-load/' "$job"
"$platform" run "$job" >/dev/null || fail "run another text"
new_text() { curl -s "$proxy_url/http-echo" | grep -q under-more-load; }
wait_for "the new text" new_text
wait $load
cat "$work/wrk"
grep -qE 'Non-2xx|Socket errors' "$work/wrk" && fail "requests failed"
grep -qE '[1-9][0-9]* requests in' "$work/wrk" || fail "no requests were made"
"$platform" stop busy >/dev/null
wait_for "no task left" tasks_gone "under-(load|more-load)"
