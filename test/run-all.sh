#!/bin/bash
# make test: every kind in turn, and one last line with the sums.
set -u
log=$(mktemp)
passed=0 failed=0 skipped=0
for kind in unit replay integration race peers; do
    echo "== $kind"
    make --no-print-directory $kind 2>&1 | tee "$log"
    rc=${PIPESTATUS[0]}
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
    if [ -z "$line" ]; then failed=$((failed + 1)); continue; fi
    read -r p f s <<<"$(echo "$line" | awk '{print $1, $3, ($5 == "" ? 0 : $5)}')"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    [ "$rc" = 0 ] || [ "$f" != 0 ] || failed=$((failed + 1))
done
rm -f "$log"
echo
if [ $skipped -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ $failed = 0 ]
