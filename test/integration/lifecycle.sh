#!/bin/bash
# The order of an allocation's tasks by their lifecycle blocks, and check_restart.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_agent
order=$work/order
task() { # task NAME LIFECYCLE SCRIPT
    printf 'task "%s" {\n driver = "raw_exec"\n %s\n restart { attempts = 0 }\n config {\n command = "/bin/sh"\n args = ["-c", "%s"]\n }\n resources {\n cpu = 20\n memory = 10\n }\n }\n' \
        "$1" "$2" "$3"
}
hook() { printf 'lifecycle {\n hook = "%s"\n sidecar = %s\n }' "$1" "$2"; }
job() { # job NAME TYPE TASKS...
    local name=$1 type=$2 IFS=$'\n'; shift 2
    printf 'job "%s" {\n datacenters = ["dc1"]\n type = "%s"\n group "g" {\n reschedule {\n attempts = 0\n unlimited = false\n }\n %s\n }\n}\n' \
        "$name" "$type" "$*" >"$name.hcl"
    "$platform" run -detach "$name.hcl" >run.out 2>&1 || fail "run $name: $(cat run.out)"
    ! grep -q "not acted on" run.out || fail "a warning is left: $(cat run.out)"
}
alloc() { curl -s "$NOMAD_ADDR/v1/job/$1/allocations" | jq -r ".[0]$2"; }
status_is() { [ "$(alloc "$1" .ClientStatus)" = "$2" ]; }
task_is() { [ "$(alloc "$1" ".TaskStates[\"$2\"].State")" = "$3" ]; }
said() { grep -qx "$1" "$order"; }

# All in their order; the sidecar ends with the main task, and poststop comes last.
: >"$order"
job ordered batch \
    "$(task first "$(hook prestart false)" "echo first-begins >> $order; sleep 0.3; echo first >> $order")" \
    "$(task beside "$(hook prestart true)" "echo beside >> $order; exec sleep 1000")" \
    "$(task main "" "echo main >> $order; while [ ! -e $work/go ]; do sleep 0.05; done; echo main-ends >> $order")" \
    "$(task after "$(hook poststart false)" "echo after >> $order")" \
    "$(task last "$(hook poststop false)" "echo last >> $order")"
wait_for "the poststart task" said after
wait_for "its end" task_is ordered after dead
expect "the main task" running "$(alloc ordered '.TaskStates.main.State')"
expect "the poststop task" pending "$(alloc ordered '.TaskStates.last.State')"
expect "the allocation" running "$(alloc ordered .ClientStatus)"
touch go
wait_for "its end" status_is ordered complete
expect "the order" "first main after main-ends last" "$(grep -v -e begins -e beside "$order" | xargs)"
expect "the sidecar" 1 "$(grep -c beside "$order")"
contains "$(alloc ordered '.TaskStates.beside.Events[].DisplayMessage')" "Main tasks in the group died"

# What comes before fails: the rest does not begin, but for what comes last.
: >"$order"
job broken batch "$(task first "$(hook prestart false)" "exit 3")" "$(task main "" "echo main >> $order")" \
    "$(task last "$(hook poststop false)" "echo last >> $order")"
wait_for "its failure" status_is broken failed
wait_for "the poststop task" said last
expect "what ran" last "$(xargs <"$order")"
contains "$(alloc broken '.TaskStates.main.Events[].DisplayMessage')" "Task's sibling \"first\" failed"

# A stop reaches the main task, then poststop.
: >"$order"
job stopped service "$(task main "" "echo main >> $order; exec sleep 1000")" \
    "$(task last "$(hook poststop false)" "echo last >> $order")"
wait_for "the main task" said main
wait_for "the report" status_is stopped running
"$platform" stop -detach stopped >/dev/null || fail "stop"
wait_for "the poststop task" said last
wait_for "its end" status_is stopped complete

# A check that stays critical has its task started anew, within its restart policy.
cat >sick.hcl <<JOB
job "sick" {
  datacenters = ["dc1"]
  group "g" {
    reschedule {
      attempts  = 0
      unlimited = false
    }
    restart {
      attempts = 1
      delay    = "1s"
      interval = "10m"
      mode     = "fail"
    }
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo sick >> $order; exec sleep 1000"]
      }
      service {
        name = "sick"
        check {
          name     = "never"
          type     = "script"
          command  = "/bin/false"
          interval = "1s"
          timeout  = "1s"
          check_restart {
            limit = 2
            grace = "1s"
          }
        }
      }
    }
  }
}
JOB
: >"$order"
"$platform" run -detach sick.hcl >/dev/null || fail "run sick"
wait_for "the end of its attempts" status_is sick failed
expect "runs" 2 "$(grep -c sick "$order")"
contains "$(alloc sick '.TaskStates.t.Events[].DisplayMessage')" 'healthcheck: check "never" unhealthy'
contains "$(alloc sick '.TaskStates.t.Events[].DisplayMessage')" 'Exceeded allowed attempts 1 in interval 10m0s and mode is "fail"'
expect "restarts" 1 "$(alloc sick .TaskStates.t.Restarts)"
