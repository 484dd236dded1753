#!/bin/bash
# What a task gets and how it ends: environment, interpolation, directories, rotated logs, the kill signal
# and its time limit, the restart policy, exit codes and events, batch jobs.
. "$(dirname "$0")/lib.sh"
echo 'node_class = "blue"
meta { rack = "r7" }' >"$work/agent.hcl"
start_agent -config="$work/agent.hcl"
alloc_of() { curl -s "$NOMAD_ADDR/v1/job/$1/allocations" | jq -r "sort_by(.CreateIndex) | .[${2:-0}].ID"; }
client_status() { curl -s "$NOMAD_ADDR/v1/allocation/$1" | jq -r .ClientStatus; }
ended() { [ "$(client_status "$(alloc_of "$1")")" = "$2" ]; }
events() { curl -s "$NOMAD_ADDR/v1/allocation/$1" | jq -r '.TaskStates[].Events[].Type'; }
task() { # task NAME TYPE SCRIPT [group's blocks] [task's blocks]: a job of one shell script
    cat >"$work/$1.sh" <<<"$3"
    cat >"$work/$1.hcl" <<HCL
job "$1" {
  datacenters = ["dc1"]
  type = "$2"
  meta { owner = "someone" }
  group "g" {
    ${4:-}
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["$work/$1.sh", "\${NOMAD_TASK_NAME}-\${attr.kernel.name}-\${node.class}-\${meta.rack}-\${NOMAD_META_owner}", "\${NOMAD_PORT_web}"]
      }
      env { GREETING = "hello \${NOMAD_JOB_NAME}" }
      resources {
        cpu    = 100
        memory = 32
      }
      ${5:-}
    }
  }
}
HCL
    "$platform" run "$work/$1.hcl" >"$work/$1.out" 2>&1 || fail "run $1: $(cat "$work/$1.out")"
}

# environment, interpolation, directories
task seen batch 'echo "args: $1 $2"; env | sort; pwd; ls -d "$NOMAD_ALLOC_DIR"/* "$NOMAD_TASK_DIR" "$NOMAD_SECRETS_DIR"
echo data >"$NOMAD_ALLOC_DIR/data/kept"; echo oops >&2; stat -c "%a" "$NOMAD_SECRETS_DIR"' 'network { port "web" {} }'
wait_for "the batch job to end" ended seen complete
alloc=$(alloc_of seen)
out=$("$platform" logs "$alloc")
port=$(echo "$out" | sed -n 's/^NOMAD_PORT_web=//p')
contains "$out" "args: t-linux-blue-r7-someone $port"
for line in "NOMAD_ALLOC_ID=$alloc" NOMAD_JOB_NAME=seen NOMAD_JOB_ID=seen NOMAD_GROUP_NAME=g NOMAD_TASK_NAME=t NOMAD_ALLOC_INDEX=0 \
    "NOMAD_ALLOC_NAME=seen.g[0]" NOMAD_DC=dc1 NOMAD_REGION=global NOMAD_CPU_LIMIT=100 NOMAD_MEMORY_LIMIT=32 \
    NOMAD_META_owner=someone NOMAD_META_OWNER=someone "GREETING=hello seen" "NOMAD_ADDR_web=127.0.0.1:$port"; do
    echo "$out" | grep -qxF "$line" || fail "not in the environment: $line: $out"
done
[ "$port" -ge 20000 ] && [ "$port" -le 32000 ] || fail "a dynamic port of $port"
for d in data logs tmp; do echo "$out" | grep -q "alloc/$d\$" || fail "no alloc/$d: $out"; done
contains "$out" "/local"
expect "mode of secrets/" 700 "$(echo "$out" | tail -n 1)"
expect "its standard error" oops "$("$platform" logs -stderr "$alloc")"
contains "$("$platform" alloc status "$alloc")" 'Client Status       = complete'
expect "its events" "Received Task Setup Started Terminated" "$(events "$alloc" | xargs)"
contains "$("$platform" status seen)" "dead"

# a batch task that fails: restarted as its policy says, then failed, with its exit code
task failing batch 'exit 7' 'restart {
      attempts = 2
      interval = "10m"
      delay    = "100ms"
      mode     = "fail"
    }
    reschedule {
      attempts  = 0
      unlimited = false
    }'
wait_for "the failing job" ended failing failed
alloc=$(alloc_of failing)
expect "starts" 3 "$(events "$alloc" | grep -c Started)"
expect "restarts" 2 "$(events "$alloc" | grep -c '^Restarting')"
expect "its last event" "Not Restarting" "$(events "$alloc" | tail -n 1)"
expect "exit codes" "7 7 7" "$(curl -s "$NOMAD_ADDR/v1/allocation/$alloc" |
    jq -r '.TaskStates.t.Events[] | select(.Type == "Terminated") | .ExitCode' | xargs)"
expect "Failed" true "$(curl -s "$NOMAD_ADDR/v1/allocation/$alloc" | jq .TaskStates.t.Failed)"
contains "$("$platform" alloc status "$alloc")" 'Exit Code: 7'

# a service whose command is not there: the event says so, in words
sed -e 's|/bin/sh|/no/such/program|' -e 's/"failing"/"missing"/' "$work/failing.hcl" >"$work/missing.hcl"
"$platform" run "$work/missing.hcl" >/dev/null 2>&1
wait_for "the missing program" ended missing failed
contains "$("$platform" alloc status "$(alloc_of missing)")" "/no/such/program"

# the kill signal, and SIGKILL when it is ignored
task polite service 'trap "echo got it; exit 0" INT; echo ready; while :; do sleep 0.1; done'  '' 'kill_signal = "SIGINT"'
task stubborn service 'trap "echo no" INT TERM; echo ready; while :; do sleep 0.1; done' '' 'kill_timeout = "1s"'
said() { "$platform" logs "$(alloc_of "$1")" 2>/dev/null | grep -q "$2"; }
wait_for "polite" said polite ready
wait_for "stubborn" said stubborn ready
for j in polite stubborn; do "$platform" stop $j >/dev/null || fail "stop $j"; done
wait_for "polite to end" ended polite complete
wait_for "stubborn to end" ended stubborn complete
wait_for "its last word" said polite "got it"
expect "polite's exit" "0 0" "$(curl -s "$NOMAD_ADDR/v1/allocation/$(alloc_of polite)" |
    jq -r '.TaskStates.t.Events[] | select(.Type == "Terminated") | "\(.ExitCode) \(.Signal)"')"
expect "stubborn's signal" 9 "$(curl -s "$NOMAD_ADDR/v1/allocation/$(alloc_of stubborn)" |
    jq -r '.TaskStates.t.Events[] | select(.Type == "Terminated") | .Signal')"
contains "$(events "$(alloc_of stubborn)")" "Killed"

# rotation: three files of one megabyte at most, the newest lines kept
task chatty service 'i=0; while [ $i -lt 60000 ]; do i=$((i + 1)); echo "line $i of a good hundred bytes: ....................................................................."; done
echo finished; sleep 1000' '' 'logs {
        max_files     = 3
        max_file_size = 1
      }'
wait_for "all its lines" said chatty finished
dir=$(sed -n 's/.*Data: //p' "$work/agent.log")/alloc/$(alloc_of chatty)/alloc/logs
files=("$dir"/t.stdout.*)
[ ${#files[@]} -le 3 ] || fail "${#files[@]} files of logs"
for f in "${files[@]}"; do [ "$(stat -c %s "$f")" -le 1048576 ] || fail "$f has $(stat -c %s "$f") bytes"; done
cat "${files[@]}" >"$work/all"
expect "lines at the end" "line 59999 line 60000" \
    "$(grep -h 'line' $(ls "$dir"/t.stdout.* | sort -V) | tail -n 2 | cut -d' ' -f1,2 | xargs)"
"$platform" stop chatty >/dev/null
wait_for "chatty to end" ended chatty complete
left() { pgrep -f "$work/.*\.sh" >/dev/null; }
none_left() { ! left; }
wait_for "no task left" none_left
