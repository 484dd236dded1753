#!/bin/bash
# The checks an agent runs: http, tcp, script and ttl, each from failing to passing and back, and what
# becomes of the service in DNS.
. "$(dirname "$0")/lib.sh"
start_agent
register() { # register NAME CHECK
    curl -sf -X PUT "$consul_url/v1/agent/service/register" \
        -d "{\"Name\":\"$1\",\"Port\":$spare,\"Address\":\"127.0.0.1\",\"Check\":$2}" || fail "registering $1"
}
state() { curl -sf "$consul_url/v1/health/checks/$1" | jq -r '.[0].Status'; }
output() { curl -sf "$consul_url/v1/health/checks/$1" | jq -r '.[0].Output'; }
state_is() { [ "$(state "$1")" = "$2" ]; }
all_are() { for s in web sock flag; do state_is $s "$1" || return 1; done; }

register web "{\"HTTP\":\"http://127.0.0.1:$spare/health\",\"Interval\":\"200ms\",\"Timeout\":\"2s\"}"
register sock "{\"TCP\":\"127.0.0.1:$spare\",\"Interval\":\"200ms\",\"Timeout\":\"2s\"}"
register flag "{\"Args\":[\"/bin/sh\",\"-c\",\"test -e $work/flag || exit 2; echo there\"],\"Interval\":\"200ms\",\"Timeout\":\"5s\"}"
register beat "{\"TTL\":\"1s\"}"
expect "before the first run" critical "$(state web)"
contains "$(dig @127.0.0.1 -p "$dns" web.service.consul A)" NXDOMAIN

"$root/build/http-echo" -listen ":$spare" -text checked >/dev/null 2>&1 &
server=$!
extra_pids="$extra_pids $server"
touch "$work/flag"
wait_for "the three to pass" all_are passing
contains "$(output web)" "HTTP GET http://127.0.0.1:$spare/health: 200 OK"
contains "$(output sock)" "TCP connect 127.0.0.1:$spare: Success"
contains "$(output flag)" "there"
for s in web sock flag; do wait_for "$s in DNS" srv_is $s.service.consul 1; done

curl -sf -X PUT "$consul_url/v1/agent/check/pass/service:beat?note=alive" || fail "pass"
wait_for "the heartbeat" state_is beat passing
expect "its note" alive "$(output beat)"
wait_for "the heartbeat to be missed" state_is beat critical
contains "$(output beat)" "TTL expired"

kill $server; wait $server 2>/dev/null
rm "$work/flag"
wait_for "the three to fail" all_are critical
for s in web sock flag; do wait_for "$s gone from DNS" srv_is $s.service.consul 0; done

# registered anew without a check the service passes; deregistered, its check goes with it
curl -sf -X PUT "$consul_url/v1/agent/service/deregister/web" || fail deregister
none() { [ "$(curl -sf "$consul_url/v1/health/checks/web" | jq length)" = 0 ]; }
wait_for "its check to go" none
