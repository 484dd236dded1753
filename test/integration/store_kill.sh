#!/bin/bash
# Nothing acknowledged is lost: fifty SIGKILLs under concurrent writers.
. "$(dirname "$0")/lib.sh"
python3 "$(dirname "$0")/store_kill.py" "$http" "$consul" "${KILLS:-50}" 4 "$work/agent.log" \
    "$platform" agent -data-dir="$work/data" -http-port=$http -rpc-port=$rpc -consul-port=$consul \
    -dns-port=$dns -lb-port=$lb -lb-admin-port=$admin -log-level=WARN || fail "see above"
