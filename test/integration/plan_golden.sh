# What `plan` prints, line for line as the peer did (data/plan/*.out, recorded; only indexes are
# normalised), on a terminal as well; and the four plans of the training's job files.
. "$(dirname "$0")/lib.sh"
data=$root/test/integration/data/plan
cd "$work" || exit 1
start_agent

normal() { sed -e 's/Modify Index: [0-9]*/Modify Index: N/' -e 's/check-index [0-9][0-9]*/check-index N/'; }

# without the warnings, which are validation's
unwarned() { sed '/^Job Warnings:/,/^Job Modify Index/{/^Job Modify Index/!d}'; }

# same NAME EXIT FILE [FLAGS]
same() {
    name=$1 rc=$2 file=$3; shift 3
    out=$("$platform" plan "$@" "$file" 2>&1); got=$?
    diff -u "$data/$name.out" <(printf '%s\n' "$out" | normal | unwarned) || fail "plan $name differs"
    expect "exit status of plan $name" "$rc" "$got"
}

cp "$data/http-echo.hcl" http-echo.hcl
constrain() { sed "s/^  group/  constraint {\n$1\n  }\n\n  group/" http-echo.hcl; }
sed 's/memory = 20/memory = 50000/' http-echo.hcl >http-echo-50gb.hcl
sed 's/"dc1"/"dc2"/' http-echo.hcl >http-echo-baddc.hcl
sed 's/"raw_exec"/"nodriver"/' http-echo.hcl >bad-driver.hcl
constrain '    attribute = "${attr.kernel.name}"\n    value     = "windows"' >http-echo-constraint.hcl
constrain '    distinct_hosts = true' >http-echo-distinct.hcl
sed 's/count = 5/count = 7/' http-echo.hcl >http-echo-count7.hcl
sed 's/hello world from/goodbye from/' http-echo.hcl >http-echo-args.hcl

# of a job that is not there yet
same 03-new 1 http-echo.hcl
same 03-new-50gb 1 http-echo-50gb.hcl
same 03-new-baddc 1 http-echo-baddc.hcl
same 03-new-baddriver 1 bad-driver.hcl
same 03-new-constraint 1 http-echo-constraint.hcl
same 03-new-distinct 1 http-echo-distinct.hcl
same 03-new-verbose 1 http-echo.hcl -verbose
expect "jobs after planning" "No running jobs" "$("$platform" status)"

# of one that runs
"$platform" run -detach http-echo.hcl >/dev/null || fail "run"
placed() { [ "$(curl -s "$NOMAD_ADDR/v1/job/http-echo/allocations" | jq length)" = 5 ]; }
wait_for "five allocations" placed
index=$(curl -s "$NOMAD_ADDR/v1/job/http-echo" | jq .JobModifyIndex)
same 11-nochange 0 http-echo.hcl
same 11-50gb 1 http-echo-50gb.hcl
same 11-baddc 1 http-echo-baddc.hcl
same 11-constraint 1 http-echo-constraint.hcl
same 11-distinct 1 http-echo-distinct.hcl
same 11-args 1 http-echo-args.hcl
same 11-args-verbose 1 http-echo-args.hcl -verbose
same 11-count7 1 http-echo-count7.hcl
same 11-nodiff 1 http-echo-count7.hcl -diff=false
contains "$("$platform" plan http-echo.hcl)" "Job Modify Index: $index"
expect "index after planning" "$index" "$(curl -s "$NOMAD_ADDR/v1/job/http-echo" | jq .JobModifyIndex)"

# colours on a terminal only
for x in constraint count7; do
    script -qec "$platform plan http-echo-$x.hcl" /dev/null >tty.out
    diff -u "$data/20-$x.tty.out" <(normal <tty.out) || fail "plan $x on a terminal differs"
done
"$platform" stop -purge -detach http-echo >/dev/null

# the training's job files, each against the third
for f in 03-dynamic-ports 05-constraint 06-fifty-gigabytes 09-canary; do
    cp "$root/jobs/examples/$f.hcl" .
done
"$platform" run -detach 03-dynamic-ports.hcl >/dev/null || fail "run 03"
seed=$(sed -n 's/^job "\(.*\)".*/\1/p' 03-dynamic-ports.hcl)
seed_placed() { [ "$(curl -s "$NOMAD_ADDR/v1/job/$seed/allocations" | jq length)" = 5 ]; }
wait_for "the training's job" seed_placed
same seed-03 0 03-dynamic-ports.hcl
same seed-05 0 05-constraint.hcl
same seed-06 1 06-fifty-gigabytes.hcl
same seed-09 1 09-canary.hcl

# what cannot be planned
printf 'job "x" {\n  datacenters = [\n' >broken.hcl
"$platform" plan broken.hcl >/dev/null 2>&1
expect "exit status of a broken file" 255 $?
"$platform" plan missing.hcl >/dev/null 2>&1
expect "exit status of a missing file" 255 $?
"$platform" stop -purge -detach "$seed" >/dev/null
