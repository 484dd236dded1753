# Wrong input is refused with its place and reason, and nothing is changed.
. "$(dirname "$0")/lib.sh"
start_agent
printf 'job "a" {\n  datacenters = ["dc1"]\n  group "g" {\n    cuont = 2\n    task "t" { driver = "raw_exec" }\n  }\n}\n' >"$work/bad.hcl"
out=$("$platform" run "$work/bad.hcl" 2>&1); expect "exit" 1 $?
contains "$out" "bad.hcl:4,5-10: Unsupported argument; An argument named \"cuont\" is not expected here. Did you mean \"count\"?"
contains "$out" "^^^^^"
out=$("$platform" run "$work/none.hcl" 2>&1); expect "exit" 1 $?
contains "$out" "no such file or directory"
printf 'job "a b" {\n  group "g" {\n    task "t" { }\n  }\n}\n' >"$work/invalid.hcl"
out=$("$platform" run "$work/invalid.hcl" 2>&1); expect "exit" 1 $?
contains "$out" "Job ID contains a space"
contains "$out" "Missing job datacenters"
contains "$out" "Missing task driver"
out=$("$platform" validate "$work/invalid.hcl" 2>&1); expect "exit" 1 $?
contains "$("$platform" status)" "No running jobs"
out=$("$platform" alloc status zzzz 2>&1); expect "exit" 1 $?
contains "$out" 'No allocation(s) with prefix or id "zzzz" found'
out=$("$platform" nonsense 2>&1); expect "exit" 127 $?
out=$("$platform" agent -dev -bogus 2>&1); expect "exit" 1 $?
contains "$out" "flag provided but not defined: -bogus"
expect "HTTP: no job" 400 "$(curl -s -o /dev/null -w '%{http_code}' -X PUT -d '{}' "$NOMAD_ADDR/v1/jobs")"
expect "HTTP: broken JSON" 400 "$(curl -s -o /dev/null -w '%{http_code}' -X PUT -d '{bad' "$NOMAD_ADDR/v1/jobs")"
expect "Consul: no name" "Missing service name" "$(curl -s -X PUT -d '{}' "$consul_url/v1/agent/service/register")"
# what fits nowhere says so, waits, and goes when there is room
sed -e 's/memory = 10/memory = 5000000/' -e 's/"http-echo" {/"giant" {/' "$root/jobs/examples/http-echo.hcl" >"$work/giant.hcl"
out=$("$platform" run "$work/giant.hcl" 2>&1); expect "exit" 2 $?
contains "$out" "Resources exhausted on 1 nodes"
contains "$out" 'Dimension "memory" exhausted on 1 nodes'
contains "$out" "waiting for additional capacity to place remainder"
contains "$("$platform" status giant)" "Placement Failure"
sed -e 's/  group "echo" {/  constraint {\n    attribute = "${attr.kernel.name}"\n    value = "plan9"\n  }\n  group "echo" {/' \
    -e 's/"http-echo" {/"elsewhere" {/' "$root/jobs/examples/http-echo.hcl" >"$work/elsewhere.hcl"
out=$("$platform" run "$work/elsewhere.hcl" 2>&1); expect "exit" 2 $?
contains "$out" 'Constraint "${attr.kernel.name} = plan9": 1 nodes excluded by filter'
# two of one static port: the second is placed when the first has gone
sed -e 's/count = 5/count = 2/' -e "s/port \"http\" {}/port \"http\" { static = $spare }/" -e 's/"http-echo" {/"fixed" {/' \
    -e "s/hello from/fixed-$$ hello from/" "$root/jobs/examples/http-echo.hcl" >"$work/fixed.hcl"
out=$("$platform" run "$work/fixed.hcl" 2>&1); expect "exit" 2 $?
contains "$out" "network: reserved port collision http=$spare"
alloc=$(curl -s "$NOMAD_ADDR/v1/job/fixed/allocations" | jq -r '.[0].ID')
curl -s -X PUT "$NOMAD_ADDR/v1/allocation/$alloc/stop" >/dev/null
second() { [ "$(curl -s "$NOMAD_ADDR/v1/job/fixed/allocations" | jq '[.[] | select(.DesiredStatus == "run")] | length')" = 1 ] &&
    [ "$(curl -s "$NOMAD_ADDR/v1/job/fixed/allocations" | jq length)" -ge 2 ]; }
wait_for "the replacement" second
for j in giant elsewhere fixed; do "$platform" stop -purge $j >/dev/null; done
wait_for "no task left" tasks_gone "fixed"
