#!/bin/bash
# python3-consul, as Debian packages it, reads what a job registered and uses the agent, the KV store and
# blocking queries.
. "$(dirname "$0")/../integration/lib.sh"
start_agent
"$platform" run "$(echo_job 5 python python)" >/dev/null || fail run
wait_for "five instances" srv_is http-echo.service.consul 5
/usr/bin/python3 "$(dirname "$0")/python_consul.py" "$consul" || fail "see above"
