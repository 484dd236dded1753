# A deployment's life with real tasks: rolled out, a canary beside the old ones, promoted; a bad one
# failed and taken back; history and revert; a drain; what is over forgotten.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_agent
cat >web.hcl <<'JOB'
job "web" {
  datacenters = ["dc1"]

  update {
    max_parallel     = 1
    canary           = 1
    auto_revert      = true
    min_healthy_time = "100ms"
  }

  group "echo" {
    count = 3

    restart {
      attempts = 0
      mode     = "fail"
    }

    network {
      port "http" {}
    }

    task "server" {
      driver = "raw_exec"

      config {
        command = "http-echo"
        args    = ["-listen", ":${NOMAD_PORT_http}", "-text", "v1"]
      }

      resources {
        cpu    = 20
        memory = 10
      }

      service {
        name        = "web"
        port        = "http"
        tags        = ["live"]
        canary_tags = ["canary"]

        check {
          type     = "http"
          path     = "/health"
          interval = "1s"
          timeout  = "1s"
        }
      }
    }
  }
}
JOB
sed 's/"v1"/"v2"/' web.hcl >web2.hcl
sed 's/"-text", "v1"/"-no-such-flag"/' web.hcl >bad.hcl

newest() { "$platform" deployment list | awk 'NR == 2 { print $1 }'; }
newest_is() { "$platform" deployment list | sed -n 2p | grep -Eq " $1 +$2 "; }
versions() { # how many run of a version
    curl -s "$NOMAD_ADDR/v1/job/web/allocations" |
        jq "[.[] | select(.ClientStatus == \"running\" and .JobVersion == $1)] | length"
}
versions_are() { [ "$(versions "$1")" = "$2" ]; }

"$platform" run web.hcl >/dev/null || fail "run"
wait_for "version 0 to be deployed" newest_is 0 successful
expect "instances of version 0" 3 "$(versions 0)"

# the canary
contains "$("$platform" plan web2.hcl)" '(1 canary, 3 ignore)'
"$platform" run -detach web2.hcl >/dev/null || fail "run 2"
canary_healthy() { "$platform" deployment status "$(newest)" | grep -Eq 'true +false +3 +1 +1 +1 +0'; }
wait_for "a healthy canary" canary_healthy
contains "$("$platform" deployment status "$(newest)")" "Deployment is running but requires manual promotion"
expect "old instances beside the canary" 3 "$(versions 0)"
expect "canaries" 1 "$(versions 1)"
tagged() { [ "$(curl -s "$consul_url/v1/health/service/web?tag=$1" | jq length)" = "$2" ]; }
wait_for "the canary's own tag" tagged canary 1
tagged live 3 || fail "the old ones have the other tag"
"$platform" deployment promote "$(newest)" >promoted || fail "promote"
contains "$(cat promoted)" 'finished with status "complete"'
wait_for "version 1 to be deployed" newest_is 1 successful
wait_for "the old ones to be gone" versions_are 0 0
wait_for "the canary to be like the others" tagged live 3
tagged canary 0 || fail "a promoted canary kept its tag"
expect "instances of version 1" 3 "$(versions 1)"
out=$("$platform" deployment promote "$(newest)" 2>&1) && fail "a finished deployment was promoted"
contains "$out" "can't promote terminal deployment"

# a bad one, taken back
"$platform" run -detach bad.hcl >/dev/null || fail "run bad"
unhealthy() { "$platform" deployment status "$(newest)" | grep -Eq 'true +false +3 +1 +1 +0 +1'; }
wait_for "an unhealthy canary" unhealthy
out=$("$platform" deployment fail "$(newest)") || fail "fail"
contains "$out" "Auto-reverted to job version 1."
wait_for "the way back" newest_is 3 successful
contains "$("$platform" deployment list)" "Deployment marked as failed - rolling back to job version 1"
wait_for "the good ones, updated in place" versions_are 3 3

# history and revert
contains "$("$platform" job history -p web)" '+/- args[3]: "v1" => "v2"'
expect "stable versions" 3 "$("$platform" job history web | grep -c 'Stable *= true')"
"$platform" job revert -detach web 0 >/dev/null || fail "revert"
expect "a newer version than the one gone back from" 4 "$("$platform" inspect web | jq .Job.Version)"
"$platform" job revert -detach web 4 >/dev/null 2>&1 && fail "reverted to the version it is"
expect "the job's text again" '"v1"' "$("$platform" inspect web | jq '.Job.TaskGroups[0].Tasks[0].Config.args[3]')"
wait_for "the canary of the reverted" canary_healthy
"$platform" job promote -detach web >/dev/null || fail "job promote"
wait_for "the reverted version" newest_is 4 successful

# a drain empties the node, and its end gives the work back
node=$(curl -s "$NOMAD_ADDR/v1/nodes" | jq -r '.[0].ID')
timeout 60 "$platform" node drain -enable -yes -deadline 1s "$node" >drained || fail "drain"
contains "$(cat drained)" "Drain complete for node $node"
contains "$(cat drained)" "All allocations on node \"$node\" have stopped"
contains "$("$platform" node status)" "ineligible"
expect "instances after the drain" 0 "$(versions 4)"
contains "$("$platform" status web)" "No nodes were eligible for evaluation"
"$platform" node eligibility -enable -self >/dev/null || fail "eligibility"
wait_for "the work to come back" versions_are 4 3

# one is stopped: another takes its place
one=$(curl -s "$NOMAD_ADDR/v1/job/web/allocations" | jq -r '[.[] | select(.ClientStatus == "running")][0].ID')
"$platform" alloc stop -detach "$one" >/dev/null || fail "alloc stop"
stopped() { [ "$(curl -s "$NOMAD_ADDR/v1/allocation/$one" | jq -r .ClientStatus)" = complete ]; }
wait_for "it to stop" stopped
wait_for "another in its place" versions_are 4 3

# what is over is forgotten
"$platform" stop -purge -detach web >/dev/null
wait_for "the end" versions_are 4 0
"$platform" system gc || fail "gc"
nothing() { [ "$(curl -s "$NOMAD_ADDR/v1/$1")" = "[]" ]; }
for table in allocations deployments; do
    gone() { "$platform" system gc; nothing $table; }
    wait_for "no $table" gone
done
