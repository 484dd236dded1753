#!/bin/bash
# The npm client `consul`: catalog, health, KV and its watch, which is a loop of blocking queries.
. "$(dirname "$0")/../integration/lib.sh"
mkdir "$work/npm" && cp "$(dirname "$0")/npm_consul.mjs" "$work/npm/" && cd "$work/npm" || fail "no directory"
npm ping >"$work/npm.log" 2>&1 || { tail -n 3 "$work/npm.log"; echo "the npm registry cannot be reached"; exit 77; }
npm install --silent --no-audit --no-fund --no-package-lock consul@2 >"$work/npm.log" 2>&1 ||
    { cat "$work/npm.log"; fail "npm install consul"; }
start_agent
"$platform" run "$(echo_job 5 npm npm)" >/dev/null || fail run
wait_for "five instances" srv_is http-echo.service.consul 5
timeout 120 node npm_consul.mjs "$consul" || fail "see above"
