# Jobs that are not services: one on every node, one dispatched with a payload; and what can be done
# to any: scaled, written out again as a job file, evaluated, begun from an example.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_agent
job() { curl -s "$NOMAD_ADDR/v1/job/$1"; }
running() { job "$1/allocations" | jq '[.[] | select(.ClientStatus == "running")] | length'; }
running_are() { [ "$(running "$1")" = "$2" ]; }

# one on every node
cp "$root/jobs/examples/12-system-logger.hcl" logger.hcl
contains "$("$platform" plan logger.hcl)" '+ Task Group: "logger" (1 create)'
"$platform" run -detach logger.hcl >/dev/null || fail "run logger"
wait_for "the logger" running_are logger 1
expect "its name" "logger.logger[0]" "$(job logger/allocations | jq -r '.[0].Name')"
expect "deployments of a system job" null "$(job logger/deployment)"
contains "$("$platform" plan logger.hcl)" 'Task Group: "logger" (1 ignore)'
"$platform" stop -detach logger >/dev/null
wait_for "its end" running_are logger 0
contains "$("$platform" status logger)" "dead (stopped)"

# dispatched
cat >par.hcl <<'JOB'
job "par" {
  datacenters = ["dc1"]
  type        = "batch"

  parameterized {
    payload       = "optional"
    meta_required = ["who"]
    meta_optional = ["color"]
  }

  group "g" {
    task "t" {
      driver = "raw_exec"

      config {
        command = "/bin/sh"
        args    = ["-c", "echo $NOMAD_META_who $NOMAD_META_color; cat local/in/order.json 2>/dev/null; true"]
      }

      dispatch_payload {
        file = "in/order.json"
      }
    }
  }
}
JOB
expect "registering a parameterized job" "Job registration successful" "$("$platform" run par.hcl)"
expect "allocations of the parent" "[]" "$(job par/allocations)"
refused() { # refused TEXT ARGUMENTS...
    text=$1; shift
    out=$("$platform" job dispatch "$@" 2>&1) && fail "dispatched: $*"
    contains "$out" "$text"
}
refused "Dispatch did not provide required meta keys: [who]" par
refused "Dispatch request included unpermitted metadata keys: [x]" -meta who=a -meta x=b par
refused "is not a parameterized job" -meta who=a logger
out=$("$platform" job dispatch -detach -meta who=bob -meta color=red par) || fail "dispatch"
child=$(printf '%s\n' "$out" | sed -n 's/^Dispatched Job ID = //p')
contains "$child" "par/dispatch-"
dead() { [ "$(job "$1" | jq -r .Status)" = dead ]; }
wait_for "the instance to be done" dead "$child"
alloc=$(job "$child/allocations" | jq -r '.[0].ID')
expect "what it said" "bob red" "$("$platform" logs "$alloc")"
contains "$("$platform" status par)" "$child  dead"
printf '{"order": 7}' >order.json
out=$("$platform" job dispatch -detach -meta who=eve par order.json) || fail "dispatch with a payload"
second=$(printf '%s\n' "$out" | sed -n 's/^Dispatched Job ID = //p')
wait_for "the second to be done" dead "$second"
expect "the payload" 'eve
{"order": 7}' "$("$platform" logs "$(job "$second/allocations" | jq -r '.[0].ID')")"
expect "children by status" '{"Pending":0,"Running":0,"Dead":2}' "$(job par/summary | jq -c .Children)"
expect "the parent" running "$(job par | jq -r .Status)"
contains "$("$platform" status)" "batch/parameterized"

# launched by the clock
cat >tick.hcl <<'JOB'
job "tick" {
  datacenters = ["dc1"]
  type        = "batch"

  periodic {
    cron      = "* * * * * * *"
    time_zone = "Europe/Berlin"
  }

  group "g" {
    task "t" {
      driver = "raw_exec"

      config {
        command = "/bin/date"
      }
    }
  }
}
JOB
contains "$("$platform" plan tick.hcl)" "If submitted now, next periodic launch would be at"
contains "$("$platform" run tick.hcl)" "Approximate next launch time: "
children() { curl -s "$NOMAD_ADDR/v1/jobs?prefix=tick/" | jq length; }
two() { [ "$(children)" -ge 2 ]; }
wait_for "two launches" two
contains "$("$platform" status tick)" "Next Periodic Launch = "
contains "$("$platform" status tick)" "Previously Launched Jobs"
sed 's/Berlin/Atlantis/' tick.hcl >nowhere.hcl
out=$("$platform" run nowhere.hcl 2>&1) && fail "ran in an unknown zone"
contains "$out" "unknown time zone Europe/Atlantis"
"$platform" stop -detach tick >/dev/null
wait_for "its end" sh -c "$platform status tick | grep -q 'dead (stopped)'"
sed -e 's/"\* \* \* \* \* \* \*"/"@yearly"/' -e 's/"tick"/"year"/' tick.hcl >year.hcl
"$platform" run year.hcl >/dev/null || fail "run year"
contains "$("$platform" job periodic force year)" 'finished with status "complete"'
expect "the forced instance" 1 "$(curl -s "$NOMAD_ADDR/v1/jobs?prefix=year/" | jq length)"

# scaled
sed -i 's/^  group/  update {\n    min_healthy_time = "100ms"\n  }\n\n  group/' "$(echo_job 1 hello web)"
"$platform" run -detach web.hcl >/dev/null || fail "run web"
deployed() { [ "$(job web/deployment | jq -r .Status)" = successful ]; }
wait_for "web" deployed
"$platform" job scale -detach web 3 >/dev/null || fail "scale"
wait_for "three" running_are web 3
expect "the count" 3 "$(job web/scale | jq '.TaskGroups[].Desired')"
wait_for "the scaled one deployed" deployed
"$platform" job scale web nosuch 3 >/dev/null 2>&1 && fail "scaled a group that is not there"

# written as a job file, it is the same job
"$platform" inspect -hcl web >again.hcl || fail "inspect -hcl"
before=$(job web | jq .Version)
"$platform" run -detach again.hcl >/dev/null || fail "run again.hcl"
expect "the version after running it again" "$before" "$(job web | jq .Version)"
contains "$("$platform" job eval web)" 'finished with status "complete"'
"$platform" stop -purge -detach web >/dev/null
wait_for "its end" running_are web 0

# an example to begin with
expect "init" "Example job file written to example.nomad" "$("$platform" init)"
"$platform" init >/dev/null 2>&1 && fail "init wrote over a file"
"$platform" init -short short.nomad >/dev/null || fail "init -short"
for f in example.nomad short.nomad; do
    expect "validate $f" "Job validation successful" "$("$platform" validate $f)"
done
grep -q '#' short.nomad && fail "comments in the short example"
contains "$("$platform" plan example.nomad)" '(3 create)'
