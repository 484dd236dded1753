#!/bin/bash
# Fuzzes each target for FUZZ_SECONDS (60), on a copy of its corpus; a finding fails.
seconds=${FUZZ_SECONDS:-60}
failed=0
export ASAN_OPTIONS=allocator_may_return_null=1
for t in "$1"/*_fuzz; do
    [ -x "$t" ] || continue
    name=$(basename "$t" _fuzz)
    work=build/fuzz/work/$name
    mkdir -p "$work"
    cp -n test/fuzz/corpus/"$name"/* "$work"/ 2>/dev/null
    echo "== $name ($seconds s)"
    if ! "$t" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix=build/fuzz/crash-"$name"- "$work" >build/fuzz/"$name".log 2>&1; then
        failed=$((failed + 1)); tail -n 40 build/fuzz/"$name".log
    fi
    grep -E 'number_of_executed_units|average_exec_per_sec' build/fuzz/"$name".log
done
[ $failed = 0 ]
