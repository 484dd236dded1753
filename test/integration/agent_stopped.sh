#!/bin/bash
# A dev agent that is told to stop stops: its tasks first, in order, and none is begun again by a
# scheduler that sees them end. A second signal does not wait.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
sed "s/\"-text\", \"[^\"]*\"/\"-text\", \"bye-$me\"/" "$root/jobs/examples/http-echo.hcl" >job.hcl
grep -q "bye-$me" job.hcl || fail "the example has changed"
all_run() { [ "$(tasks bye | wc -l)" = 5 ]; }
gone() { ! kill -0 "$agent" 2>/dev/null; }
for round in 1 2 3; do
    start_agent
    "$platform" run -detach job.hcl >/dev/null || fail "the job is refused"
    wait_for "the tasks" all_run
    kill "$agent"
    for _ in $(seq 1200); do gone && break; sleep 0.05; done
    gone || fail "it is still there a minute later (round $round)"
    wait "$agent"
    expect "exit status" 0 $?
    agent=
    expect "tasks left" "" "$(tasks bye)"
done
# a task that does not want to go
cat >stubborn.hcl <<JOB
job "stubborn" {
  datacenters = ["dc1"]
  group "g" {
    task "t" {
      driver       = "raw_exec"
      kill_timeout = "20s"
      config {
        command = "/bin/sh"
        args    = ["-c", "trap '' INT TERM; while :; do sleep 0.2; done # -text stubborn-$me"]
      }
    }
  }
}
JOB
start_agent
"$platform" run -detach stubborn.hcl >/dev/null || fail "the job is refused"
runs() { [ -n "$(tasks stubborn)" ]; }
wait_for "the stubborn task" runs
kill "$agent"
sleep 0.5
gone && fail "it did not wait for its task"
kill "$agent"
for _ in $(seq 200); do gone && break; sleep 0.05; done
gone || fail "the second signal waited too"
wait "$agent"
expect "exit status" 1 $?
agent=
tasks stubborn | xargs -r kill -9
wait_for "the executor's end" tasks_gone stubborn
