#!/bin/bash
# make lint: which room includes which (DESIGN 2), the shape of the tree, the size of files.
set -u
fail=0
say() { echo "lint: $*"; fail=1; }

# room -> the rooms it may include besides itself
may() {
    case $1 in
        agent/base) echo "" ;;
        agent/store) echo "agent/base" ;;
        agent/http) echo "agent/base agent/store" ;;
        jobs/hcl) echo "agent/base" ;;
        jobs) echo "agent/base jobs/hcl" ;;
        scheduler) echo "agent/base agent/store agent/http jobs" ;;
        discovery) echo "agent/base agent/store agent/http" ;;
        dns) echo "agent/base agent/store discovery" ;;
        lb) echo "agent/base agent/store agent/http discovery" ;;
        agent/client) echo "agent/base agent/http jobs discovery" ;;
        agent/cli) echo "agent/base agent/http jobs" ;;
        agent) echo "agent/base agent/store agent/http agent/client agent/cli jobs jobs/hcl scheduler discovery dns lb" ;;
    esac
}
room_of() {
    case $1 in
        agent/base/* | agent/store/* | agent/http/* | agent/client/* | agent/cli/*) echo "$1" | cut -d/ -f1,2 ;;
        jobs/hcl/*) echo jobs/hcl ;;
        *) echo "${1%%/*}" ;;
    esac
}
# The public headers: a room is entered by these only.
door='^(agent/base/.*|agent/store/(store|log)|agent/http/http|jobs/[a-z_]+|jobs/hcl/hcl|scheduler/scheduler|discovery/(catalog|local|discovery)|dns/dns|lb/lb|agent/client/client|agent/cli/cli)\.h$'

for f in $(git ls-files '*.c' '*.h' | grep -vE '^(test/|jobs/examples/)'); do
    room=$(room_of "$f")
    case $f in agent/client/executor/*) continue ;; esac
    for inc in $(sed -n 's/^#include "\(.*\)"/\1/p' "$f"); do
        [ "$inc" = version.h ] && continue
        [ -e "$inc" ] || { say "$f includes $inc, which is not there"; continue; }
        target=$(room_of "$inc")
        [ "$target" = "$room" ] && continue
        [ "$room" = agent ] && [ "${inc#agent/}" != "$inc" ] && [ "$(dirname "$inc")" = agent ] && continue
        echo " $(may "$room") " | grep -q " $target " || say "$f ($room) may not include $inc"
        echo "$inc" | grep -qE "$door" || say "$f reaches past a door: $inc"
    done
done

extra=$(git ls-files | cut -d/ -f1 | sort -u | grep -vE '^(\..*|Makefile|README\.md|LICENSE|scheduler|discovery|lb|dns|agent|jobs|test)$')
[ -z "$extra" ] || say "at the top level but not in the design: $extra"
for f in $(git ls-files '*.c' '*.h'); do
    n=$(wc -l <"$f")
    [ "$n" -le 900 ] || say "$f has $n lines: look for the second noun"
done
long=$(git ls-files '*.c' '*.h' | grep -v '^test/unit/.*/data/' | xargs awk 'length($0) > 100 {print FILENAME ":" FNR}' | head -n 5)
[ -z "$long" ] || say "lines over 100 columns: $(echo $long)"
[ $fail = 0 ] && echo "lint: clean"
exit $fail
