#!/bin/bash
# Checks that pass now and then are not health: min_healthy_time is without a break.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_agent
cat >flap.hcl <<'JOB'
job "flap" {
  datacenters = ["dc1"]

  update {
    min_healthy_time  = "3s"
    healthy_deadline  = "7s"
    progress_deadline = "30s"
  }

  group "g" {
    task "t" {
      driver = "raw_exec"

      config {
        command = "/bin/sleep"
        args    = ["1000"]
      }

      service {
        name = "flap"

        check {
          name     = "now and then"
          type     = "script"
          command  = "/bin/sh"
          args     = ["-c", "if [ -e $NOMAD_TASK_DIR/odd ]; then rm $NOMAD_TASK_DIR/odd; else touch $NOMAD_TASK_DIR/odd; exit 2; fi"]
          interval = "1s"
          timeout  = "5s"
        }
      }
    }
  }
}
JOB
"$platform" run -detach flap.hcl >/dev/null || fail "run"
alloc() { curl -s "$NOMAD_ADDR/v1/job/flap/allocations" | jq -r ".[0]$1"; }
decided() { [ "$(alloc .DeploymentStatus.Healthy)" != null ]; }
wait_for "a decision" decided
expect "healthy" false "$(alloc .DeploymentStatus.Healthy)"
contains "$("$platform" alloc status "$(alloc .ID)")" "Services not healthy by deadline"
"$platform" stop -purge -detach flap >/dev/null
stopped() { [ "$(curl -s "$NOMAD_ADDR/v1/allocations" | jq '[.[] | select(.ClientStatus == "running")] | length')" = 0 ]; }
wait_for "its end" stopped
