# One job file becomes running tasks, DNS answers and routed requests; and is gone again.
. "$(dirname "$0")/lib.sh"
start_agent
out=$("$platform" run "$(echo_job 5 first-light echo1)") || fail "run: $out"
contains "$out" 'finished with status "complete"'
wait_for "five in DNS" srv_is anaconda.http-echo.service.consul 5
wait_for "five routes" routes_are 5
contains "$(curl -s "$proxy_url/http-echo")" "first-light"
expect "_http-echo._anaconda" 5 "$(srv_count _http-echo._anaconda.service.consul)"
expect "another tag" 0 "$(srv_count boa.http-echo.service.consul)"
expect "A records" 127.0.0.1 "$(dig +short @127.0.0.1 -p $dns http-echo.service.consul)"
expect "over TCP" 5 "$(dig +tcp +short @127.0.0.1 -p $dns SRV http-echo.service.consul | grep -c .)"
contains "$(dig @127.0.0.1 -p $dns nobody.service.consul)" "status: NXDOMAIN"
contains "$(dig @127.0.0.1 -p $dns example.com)" "status: REFUSED"
expect "passing in the Consul API" 5 "$(curl -s "$consul_url/v1/health/service/http-echo?passing&tag=anaconda" | jq length)"
expect "catalog port" "$(curl -s "$consul_url/v1/catalog/service/http-echo" | jq '[.[].ServicePort] | sort')" \
    "$(curl -s "$admin_url/api/routes" | jq '[.[].dst | capture(":(?<p>[0-9]+)/").p | tonumber] | sort')"
expect "no route" 404 "$(curl -s -o /dev/null -w '%{http_code}' "$proxy_url/nothing")"
out=$("$platform" status echo1)
contains "$out" "echo        0       0         5        0       0         0"
alloc=$(curl -s "$NOMAD_ADDR/v1/job/echo1/allocations" | jq -r '.[0].ID')
contains "$("$platform" alloc status "$alloc")" 'Task "server" is "running"'
contains "$("$platform" logs "$alloc")" "Server is listening"
# killed from outside: out of DNS and the proxy at once, and restarted by its policy
victim=$(tasks first-light | head -n 1)
kill -9 "$victim"
wait_for "four in DNS" srv_is http-echo.service.consul 4
wait_for "four routes" routes_are 4
# the deployment ends well, once all were healthy for their time
sed -e 's/count = 5/count = 2\n    update { min_healthy_time = "1s" }/' -e 's/"http-echo" {/"quick" {/' \
    -e "s/hello from/quick-$$ hello from/" -e 's/name = "http-echo"/name = "quick"/' "$root/jobs/examples/http-echo.hcl" >"$work/quick.hcl"
"$platform" run "$work/quick.hcl" >/dev/null || fail "run quick"
deployed() { [ "$(curl -s "$NOMAD_ADDR/v1/job/quick/deployment" | jq -r .Status)" = successful ]; }
wait_for "the deployment" deployed
# the same again changes nothing; another text replaces; count up and down keeps the others
before=$(curl -s "$NOMAD_ADDR/v1/job/quick" | jq .Version)
"$platform" run "$work/quick.hcl" >/dev/null
expect "version after the same job" "$before" "$(curl -s "$NOMAD_ADDR/v1/job/quick" | jq .Version)"
sed -i 's/count = 2/count = 3/' "$work/quick.hcl"
old=$(tasks quick)
"$platform" run "$work/quick.hcl" >/dev/null
three() { [ "$(tasks quick | wc -l)" = 3 ]; }
wait_for "a third" three
for p in $old; do kill -0 "$p" || fail "an unchanged instance was replaced"; done
"$platform" stop echo1 >/dev/null || fail stop
"$platform" stop -purge quick >/dev/null || fail "stop -purge"
wait_for "no task left" tasks_gone "(first-light|quick)"
expect "routes" 0 "$(curl -s "$admin_url/api/routes" | jq length)"
contains "$("$platform" status)" "dead (stopped)"
contains "$("$platform" status quick 2>&1)" 'No job(s) with prefix or id "quick" found'
