#!/bin/bash
# Names longer than the state's keys can be, wherever a name comes in: refused or not found, and the
# agent lives, then and after a restart.
. "$(dirname "$0")/lib.sh"
pick_ports
start_agent -data-dir="$work/data"
python3 "$(dirname "$0")/long_names.py" "$http" "$consul" || fail "see above"
stop_agent
start_agent -data-dir="$work/data"
expect "the longest name" 497 "$(curl -sS "$consul_url/v1/catalog/nodes" | grep -o '"hh*"' | tail -n 1 | tr -d '"\n' | wc -c)"
