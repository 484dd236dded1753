#!/bin/bash
# The Nomad API's answers beside those the real program gave for the same job.
. "$(dirname "$0")/lib.sh"
start_agent
"$platform" run -detach "$root/jobs/examples/http-echo.hcl" >/dev/null || fail "the job is refused"
healthy() { curl -s "$NOMAD_ADDR/v1/job/http-echo/deployment" | grep -q '"Status":"successful"'; }
wait_for "the deployment" healthy
python3 "$root/test/integration/nomad_api.py" "$NOMAD_ADDR" \
    "$root/test/integration/data/nomad_api.json" || fail "see above"
"$platform" stop http-echo >/dev/null || fail "not stopped"
