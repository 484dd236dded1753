#!/bin/bash
# Runs the unit test binaries below $1 (those whose path contains $2, when given), two at a time,
# and ends with one line: N passed, N failed.
dir=$1 only=${2:-}
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
run() {
    name=${1#"$dir"/}
    log=$out/$(echo "$name" | tr / _)
    if timeout 300 "$1" >"$log" 2>&1; then
        n=$(grep -c '^\[       OK' "$log"); echo "  ok    $name ($n)"; echo "$n" >"$log.n"
    else
        echo "  FAIL  $name"; tail -n 60 "$log"; echo "$name" >"$log.failed"
    fi
}
export -f run; export dir out
find "$dir" -name '*_test' -type f -perm -100 | grep -F -- "$only" | sort | xargs -r -P 2 -I{} bash -c 'run {}'
passed=$(cat "$out"/*.n 2>/dev/null | awk '{s+=$1} END {print s+0}')
failed=$(ls "$out"/*.failed 2>/dev/null | wc -l)
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
