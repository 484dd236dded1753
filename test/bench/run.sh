#!/bin/bash
# make bench: the figures, each beside what it shall reach and, where one is named, beside its peer in
# the same run. Prints; a figure out of reach is marked "over" and fails nothing.
PLATFORM=$(cd "$(dirname "$0")/../.." && pwd)/build/platform
export PLATFORM
. "$(dirname "$0")/../integration/lib.sh"
cd "$work" || exit 1
rounds=${ROUNDS:-3} seconds=${SECONDS_EACH:-4}

now_ms() { echo $(($(date +%s%N) / 1000000)); }
row() { printf '%-58s %14s   %s\n' "$1" "$2" "$3"; }
within() { awk -v a="$1" -v b="$2" 'BEGIN {exit !(a <= b)}'; }
at_most() { # at_most WHAT VALUE UNIT LIMIT
    if within "$2" "$4"; then row "$1" "$2 $3" "(at most $4 $3)"; else row "$1" "$2 $3" "(over: at most $4 $3)"; fi
}
until_ok() { # tries without a pause: milliseconds matter here
    local give_up=$(($(now_ms) + 20000))
    until "$@" >/dev/null 2>&1; do [ "$(now_ms)" -lt $give_up ] || fail "gave up waiting: $*"; done
}
rss_kib() { awk '/^VmRSS/ {print $2}' "/proc/$1/status"; }
cpu_ticks() { # of one process, user and system
    sed 's/.*) //' "/proc/$1/stat" | awk '{print $12 + $13}'
}
least() { printf '%s\n' "$@" | sort -g | head -n 1; }
most() { printf '%s\n' "$@" | sort -g | tail -n 1; }

# --- the agent ------------------------------------------------------------------------------------
starting() {
    local from
    from=$(now_ms)
    "$platform" agent -dev -http-port=$http -rpc-port=$rpc -consul-port=$consul -dns-port=$dns \
        -lb-port=$lb -lb-admin-port=$admin >"$work/agent.log" 2>&1 &
    agent=$!
    until_ok curl -sf "$NOMAD_ADDR/v1/agent/self"
    at_most "agent -dev: start to API ready" $(($(now_ms) - from)) ms 300
    wait_for "the node" sh -c "$platform node status | grep -q ready"
    sleep 3
    at_most "idle dev agent, all listeners: resident" "$(awk -v k="$(rss_kib $agent)" 'BEGIN {printf "%.1f", k / 1024}')" MiB 15
}

running() {
    local from job executor
    job=$(echo_job 5 bench-echo bench)
    "$platform" run "$job" >/dev/null || fail "run"
    from=$(now_ms)
    until_ok curl -sf "$proxy_url/http-echo"
    at_most "platform run returned to first 200 at the proxy" $(($(now_ms) - from)) ms 300
    executor=$(pgrep -f "executor $(sed -n 's/.*Data: //p' "$work/agent.log")/" | head -n 1)
    [ -n "$executor" ] || fail "no executor is running"
    at_most "an executor: resident" "$(awk -v k="$(rss_kib "$executor")" 'BEGIN {printf "%.2f", k / 1024}')" MiB 1.5
}

dying() {
    local victim port from
    wait_for "five instances" srv_is anaconda.http-echo.service.consul 5
    port=$(dig +short @127.0.0.1 -p "$dns" SRV anaconda.http-echo.service.consul | awk 'NR == 1 {print $3}')
    victim=$(pgrep -f -- "http-echo -listen :$port" | head -n 1)
    [ -n "$victim" ] || victim=$(pgrep -f -- ":$port .*-text" | head -n 1)
    [ -n "$victim" ] || fail "who listens on $port?"
    from=$(now_ms)
    kill -9 "$victim"
    until_ok sh -c "! dig +short @127.0.0.1 -p $dns SRV anaconda.http-echo.service.consul | grep -q ' $port '"
    until_ok sh -c "! curl -s $admin_url/api/routes | grep -q ':$port'"
    at_most "instance killed -9 to gone from DNS and proxy" $(($(now_ms) - from)) ms 200
    "$platform" stop bench >/dev/null
}

# --- the proxy beside nginx: CPU a request ----------------------------------------------------------
nginx_start() {
    mkdir -p "$work/nginx"
    cat >"$work/nginx.conf" <<CONF
worker_processes 1;
daemon off;
pid $work/nginx/pid;
error_log $work/nginx/error.log;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path $work/nginx/b; proxy_temp_path $work/nginx/p; fastcgi_temp_path $work/nginx/f;
    uwsgi_temp_path $work/nginx/u; scgi_temp_path $work/nginx/s;
    keepalive_requests 100000000;
    upstream back { server 127.0.0.1:$spare; keepalive 256; keepalive_requests 100000000; }
    server {
        listen 127.0.0.1:$front;
        location / {
            proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Connection "";
            proxy_set_header Host \$host; proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
            proxy_set_header X-Real-Ip \$remote_addr; proxy_set_header X-Forwarded-Proto http;
        }
    }
}
CONF
    cat >"$work/back.conf" <<CONF
worker_processes 1;
daemon off;
pid $work/nginx/back-pid;
error_log $work/nginx/back-error.log;
events { worker_connections 4096; }
http {
    access_log off;
    client_body_temp_path $work/nginx/b; proxy_temp_path $work/nginx/p; fastcgi_temp_path $work/nginx/f;
    uwsgi_temp_path $work/nginx/u; scgi_temp_path $work/nginx/s;
    keepalive_requests 100000000;
    server { listen 127.0.0.1:$spare; location / { default_type text/plain; return 200 "hello from the back\n"; } }
}
CONF
    taskset -c 1 nginx -p "$work/nginx" -c "$work/back.conf" &
    extra_pids="$extra_pids $!"
    taskset -c 0 nginx -p "$work/nginx" -c "$work/nginx.conf" &
    extra_pids="$extra_pids $!"
    wait_for "nginx" curl -sf "http://127.0.0.1:$front/"
    wait_for "the back" curl -sf "http://127.0.0.1:$spare/"
    nginx_worker=$(pgrep -P "${extra_pids##* }" | head -n 1)
}

# prints: CPU microseconds a request of process $1 while wrk asks $2, and the requests a second
load() {
    local before after out n
    before=$(cpu_ticks "$1")
    out=$(taskset -c 1 wrk -t1 -c64 -d"${seconds}s" "$2")
    after=$(cpu_ticks "$1")
    n=$(echo "$out" | awk '/requests in/ {print $1}')
    echo "$out" | grep -q 'Non-2xx\|Socket errors' && echo "$out" >&2
    awk -v t=$((after - before)) -v n="$n" -v hz="$(getconf CLK_TCK)" -v s="$seconds" \
        'BEGIN {printf "%.2f %d\n", t / hz * 1e6 / n, n / s}'
}

proxying() {
    local ours=() theirs=() rate=() theirs_rate=() c r i
    front=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    nginx_start
    curl -sf -X PUT "$consul_url/v1/agent/service/register" -d '{"Name":"back","Address":"127.0.0.1",
        "Port":'"$spare"',"Tags":["urlprefix-/"],"Check":{"TTL":"1h","Status":"passing"}}' || fail "registering the back"
    wait_for "the route" curl -sf "$proxy_url/x"
    taskset -a -p -c 0 "$agent" >/dev/null
    for i in $(seq "$rounds"); do
        read -r c r <<<"$(load "$agent" "$proxy_url/x")"
        ours+=("$c") rate+=("$r")
        read -r c r <<<"$(load "$nginx_worker" "http://127.0.0.1:$front/x")"
        theirs+=("$c") theirs_rate+=("$r")
    done
    taskset -a -p -c 0,1 "$agent" >/dev/null
    c=$(least "${ours[@]}") r=$(least "${theirs[@]}")
    row "  platform proxy, 64 keep-alive clients" "$c us" "CPU a request; $(most "${rate[@]}") requests/s"
    row "  nginx, 1 worker" "$r us" "CPU a request; $(most "${theirs_rate[@]}") requests/s"
    at_most "proxy CPU a request" "$(awk -v a="$c" -v b="$r" 'BEGIN {printf "%.2f", a / b}')" "x nginx" 1.2
}

# --- DNS beside NSD: answers a second -----------------------------------------------------------------
nsd_start() {
    mkdir -p "$work/nsd"
    cat >"$work/nsd/zone" <<ZONE
\$ORIGIN consul.
\$TTL 0
@ SOA ns.consul. hostmaster.consul. 1 3600 600 86400 0
@ NS ns.consul.
ns A 127.0.0.1
ZONE
    for i in 1 2 3 4 5; do echo "back.service A 127.0.0.$i" >>"$work/nsd/zone"; done
    cat >"$work/nsd/conf" <<CONF
server:
    server-count: 1
    ip-address: 127.0.0.1@$nsd_port
    username: ""
    chroot: ""
    zonesdir: "$work/nsd"
    database: ""
    pidfile: "$work/nsd/pid"
    xfrdfile: "$work/nsd/xfrd"
    zonelistfile: "$work/nsd/zonelist"
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: consul
    zonefile: "$work/nsd/zone"
CONF
    taskset -c 0 nsd -d -c "$work/nsd/conf" >"$work/nsd/log" 2>&1 &
    extra_pids="$extra_pids $!"
    wait_for "NSD" sh -c "dig +short @127.0.0.1 -p $nsd_port A back.service.consul | grep -q 127"
}
qps() { # answers a second from port $1
    taskset -c 1 dnsperf -s 127.0.0.1 -p "$1" -d "$work/queries" -c 4 -q 200 -l "$seconds" 2>/dev/null |
        awk '/Queries per second/ {printf "%d\n", $4} /Queries lost/ && $3 > 0 {print "lost " $3 > "/dev/stderr"}'
}
resolving() {
    local ours=() theirs=() i a b
    nsd_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    for i in 1 2 3 4 5; do
        curl -sf -X PUT "$consul_url/v1/agent/service/register" -d '{"ID":"back'$i'","Name":"back",
            "Address":"127.0.0.'$i'","Port":80}' || fail "registering"
    done
    curl -sf -X PUT "$consul_url/v1/agent/service/deregister/back"
    echo "back.service.consul A" >"$work/queries"
    nsd_start
    wait_for "five answers" sh -c "[ \$(dig +short @127.0.0.1 -p $dns A back.service.consul | wc -l) = 5 ]"
    taskset -a -p -c 0 "$agent" >/dev/null
    for i in $(seq "$rounds"); do
        ours+=("$(qps "$dns")") theirs+=("$(qps "$nsd_port")")
    done
    taskset -a -p -c 0,1 "$agent" >/dev/null
    a=$(most "${ours[@]}") b=$(most "${theirs[@]}")
    row "  platform DNS, one thread, 5 A records" "$a" "answers/s"
    row "  NSD, one process" "$b" "answers/s"
    row "DNS answers a second" "$(awk -v a="$a" -v b="$b" 'BEGIN {printf "%.2f", a / b}') x NSD" \
        "$(awk -v a="$a" -v b="$b" 'BEGIN {print (a >= 0.3 * b) ? "(at least 0.3 x NSD)" : "(under: at least 0.3 x NSD)"}')"
}

starting
running
dying
proxying
resolving
stop_agent
for program in "$root"/build/bench/*; do
    [ -x "$program" ] && case $program in *.d | *.o) ;; *) "$program" || echo "failed: $program" ;; esac
done
exit 0
