#!/bin/bash
# Runs the test scripts of folder $1 (those whose name matches $2), one after another; a script
# passes by exiting 0 and skips by exiting 77. Ends with: N passed, N failed.
dir=$1 only=${2:-}
passed=0 failed=0 skipped=0
for t in "$dir"/[0-9a-z]*.sh; do
    [ -e "$t" ] || continue
    case $(basename "$t") in lib.sh | _*) continue ;; esac
    [[ -z "$only" || $t =~ $only ]] || continue
    log=$(mktemp)
    start=$(date +%s)
    timeout -k 10 "${TEST_LIMIT:-600}" bash "$t" >"$log" 2>&1
    rc=$?
    took=$(($(date +%s) - start))s
    case $rc in
        0) passed=$((passed + 1)); echo "  ok    $t ($took)" ;;
        77) skipped=$((skipped + 1)); echo "  skip  $t: $(tail -n 1 "$log")" ;;
        *) failed=$((failed + 1)); echo "  FAIL  $t ($took, exit $rc)"; tail -n 80 "$log" ;;
    esac
    rm -f "$log"
done
if [ $skipped -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ $failed = 0 ]
