# SIGKILL the agent: the tasks go on. Start it: it finds them again, and starts none twice.
. "$(dirname "$0")/lib.sh"
start_agent -data-dir="$work/data"
"$platform" run "$(echo_job 3 survivor survive)" >/dev/null || fail run
wait_for "three in DNS" srv_is http-echo.service.consul 3
before=$(tasks survivor)
for round in 1 2 3; do
    kill -9 "$agent"; wait "$agent" 2>/dev/null; agent=
    expect "tasks without an agent" "$before" "$(tasks survivor)"
    start_agent -data-dir="$work/data"
    wait_for "three in DNS again" srv_is http-echo.service.consul 3
    wait_for "three routes again" routes_are 3
    expect "tasks after round $round" "$before" "$(tasks survivor)"
done
expect "running allocations" 3 "$(curl -s "$NOMAD_ADDR/v1/job/survive/allocations" | jq '[.[] | select(.ClientStatus == "running")] | length')"
# one that ends while no agent is there is noticed afterwards
kill -9 "$agent"; wait "$agent" 2>/dev/null; agent=
kill "$(echo "$before" | head -n 1)"
start_agent -data-dir="$work/data"
wait_for "two in DNS" srv_is http-echo.service.consul 2
"$platform" stop survive >/dev/null || fail stop
wait_for "no task left" tasks_gone "survivor"
# a second agent on the same directory is refused
out=$("$platform" agent -data-dir="$work/data" 2>&1) && fail "two agents on one directory"
contains "$out" "used by another agent (process $agent)"
