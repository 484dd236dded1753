#!/bin/bash
# Ten thousand parked blocking queries: what they cost, and that a write wakes only its own. Of the
# release build: memory and time under a sanitizer say nothing.
PLATFORM=$(cd "$(dirname "$0")/../.." && pwd)/build/platform
export PLATFORM
. "$(dirname "$0")/lib.sh"
ulimit -n 12000 2>/dev/null || { echo "not allowed 12,000 open files"; exit 77; }
start_agent
python3 "$(dirname "$0")/parked_queries.py" "$consul" "$agent" 10000 || fail "see above"
