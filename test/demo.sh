#!/bin/bash
# make demo: an agent, the example job, and what it answers. With a terminal the agent then stays in
# the foreground until Ctrl-C; without one the job is stopped and nothing is left running.
cd "$(dirname "$0")/.." || exit 1
export PATH=$PWD/build:$PATH
log=$(mktemp)
say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n$ %s\n' "$*"; }
show() { say "$@"; "$@"; }
wait_for() { # tries its command for a minute
    for _ in $(seq 600); do
        "$@" >/dev/null 2>&1 && return 0
        kill -0 "$agent" 2>/dev/null || break
        sleep 0.1
    done
    echo "demo: gave up waiting for: $*" >&2
    tail -n 40 "$log" >&2
    return 1
}
stop_agent() {
    kill "$agent" 2>/dev/null
    wait "$agent" 2>/dev/null
    rm -f "$log"
}
five_ports() { [ "$(dig +short @127.0.0.1 -p 8600 SRV anaconda.http-echo.service.consul | wc -l)" = 5 ]; }

deployed() { platform status http-echo | grep -q '^Status .*= successful'; }

say platform agent -dev
platform agent -dev >"$log" 2>&1 &
agent=$!
trap stop_agent EXIT
trap 'exit 130' INT
wait_for curl -sf http://127.0.0.1:4646/v1/status/leader || exit 1
wait_for sh -c 'platform node status | grep -q ready' || exit 1
sed -n '1,12p' "$log"
say platform run jobs/examples/http-echo.hcl
platform run jobs/examples/http-echo.hcl | cat # not followed to the end of its deployment
[ "${PIPESTATUS[0]}" = 0 ] || exit 1
wait_for five_ports || exit 1
wait_for curl -sf http://127.0.0.1:9999/http-echo || exit 1
printf '\nThe five instances answer; the deployment is successful once they stay healthy (10 s).\n'
wait_for deployed || exit 1
show platform status http-echo || exit 1
show dig +short @127.0.0.1 -p 8600 SRV anaconda.http-echo.service.consul
show curl -sS http://127.0.0.1:9999/http-echo || exit 1
if [ -t 0 ] && [ -t 1 ]; then
    printf '\nThe agent goes on: routes at http://127.0.0.1:9998/routes. Ctrl-C stops it and the job.\n'
    wait "$agent"
    exit 0
fi
show platform stop http-echo || exit 1
data=$(sed -n 's/.*Data: //p' "$log")
no_executor() { ! pgrep -f "executor $data/" >/dev/null; }
wait_for no_executor || exit 1
