# Sourced by the scripts: a real agent on free ports in a directory of its own, and waiting for
# conditions. The sanitized build is used unless PLATFORM says otherwise. At the end every process the
# test started must be gone.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
platform=${PLATFORM:-$root/build/san/platform}
export PATH=$root/build:$PATH
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=suppressions=$root/test/tsan.supp
work=$(mktemp -d /tmp/platform-it-XXXXXX)
agent= extra_pids=

fail() { echo "FAIL: $*"; echo "--- agent"; tail -n 60 "$work/agent.log" 2>/dev/null; exit 1; }

pick_ports() {
    read -r http rpc consul dns lb admin spare <<<"$(python3 -c '
import socket
s = [socket.socket() for _ in range(7)]
[x.bind(("127.0.0.1", 0)) for x in s]
print(*[x.getsockname()[1] for x in s])')"
    export NOMAD_ADDR=http://127.0.0.1:$http
    consul_url=http://127.0.0.1:$consul proxy_url=http://127.0.0.1:$lb admin_url=http://127.0.0.1:$admin
}

# start_agent [flags]: without -data-dir it is a -dev agent
start_agent() {
    case "$*" in *-data-dir*) mode= ;; *) mode=-dev ;; esac
    "$platform" agent $mode -http-port=$http -rpc-port=$rpc -consul-port=$consul -dns-port=$dns \
        -lb-port=$lb -lb-admin-port=$admin "$@" >>"$work/agent.log" 2>&1 &
    agent=$!
    wait_for "the agent" sh -c "$platform node status 2>/dev/null | grep -q ready"
}

stop_agent() {
    [ -n "$agent" ] || return 0
    kill "$agent" 2>/dev/null
    wait "$agent" 2>/dev/null
    agent=
    grep -E 'ERROR: AddressSanitizer|WARNING: ThreadSanitizer|runtime error:|precondition failed|invariant failed' "$work/agent.log" &&
        fail "the agent's log shows a fault"
    return 0
}

# wait_for WHAT COMMAND...: half a minute at most
wait_for() {
    what=$1; shift
    for _ in $(seq 600); do
        "$@" >/dev/null 2>&1 && return 0
        [ -z "$agent" ] || kill -0 "$agent" 2>/dev/null || fail "the agent ended while waiting for $what"
        sleep 0.05
    done
    fail "waited in vain for $what"
}

expect() { # expect WHAT WANTED GOT
    [ "$2" = "$3" ] || fail "$1: wanted '$2', got '$3'"
}
contains() { # contains TEXT PART
    case $1 in *"$2"*) ;; *) fail "'$2' is not in: $1" ;; esac
}
srv_count() { dig +short @127.0.0.1 -p "$dns" SRV "$1" | grep -c .; }
srv_is() { [ "$(srv_count "$1")" = "$2" ]; }
routes_are() { [ "$(curl -s "$admin_url/api/routes" | jq length)" = "$1" ]; }
# The tasks of this script, by the text they say: other scripts may be running beside it.
me=$$
tasks() { pgrep -f -- "-text $1-${me}( |\$)" | sort; }
tasks_gone() { [ -z "$(tasks "$1")" ]; }

cleanup() {
    rc=$?
    stop_agent
    for p in $extra_pids; do kill "$p" 2>/dev/null; done
    for p in $extra_pids; do wait "$p" 2>/dev/null; done
    left=$(pgrep -f "executor $work" | wc -l)
    if [ "$left" != 0 ]; then echo "left running: $(pgrep -af "executor $work")"; rc=1; pgrep -f "executor $work" | xargs -r kill -9; fi
    [ -n "${KEEP:-}" ] && cp "$work/agent.log" "$KEEP"; rm -rf "$work"
    exit $rc
}
trap cleanup EXIT
pick_ports
# a job of n http-echo instances saying $2-$$ and their port, by the name $3
echo_job() {
    sed -e "s/count = 5/count = $1/" -e "s/hello from port/$2-$$/" -e "s/job \"http-echo\"/job \"$3\"/" \
        "$root/jobs/examples/http-echo.hcl" >"$work/$3.hcl"
    echo "$work/$3.hcl"
}
