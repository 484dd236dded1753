#!/bin/bash
# Replays every kept fuzz corpus through its target, built with ASan and UBSan.
export ASAN_OPTIONS=allocator_may_return_null=1
passed=0 failed=0
for t in "$1"/*_fuzz; do
    [ -x "$t" ] || continue
    name=$(basename "$t" _fuzz)
    if out=$(timeout 300 "$t" "test/fuzz/corpus/$name" 2>&1); then
        passed=$((passed + 1)); echo "  ok    $name: $out"
    else
        failed=$((failed + 1)); echo "  FAIL  $name"; echo "$out" | tail -n 40
    fi
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
