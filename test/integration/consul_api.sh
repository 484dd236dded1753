# The Consul API as its users speak it: services, checks, kv with cas and blocking, indexes that rest.
. "$(dirname "$0")/lib.sh"
start_agent
c() { curl -s "$@"; }
index_of() { curl -s -D- -o /dev/null "$1" | tr -d '\r' | awk 'tolower($1) == "x-consul-index:" {print $2}'; }
expect put true "$(c -X PUT -d hello $consul_url/v1/kv/app/a)"
expect value aGVsbG8= "$(c $consul_url/v1/kv/app/a | jq -r '.[0].Value')"
expect raw hello "$(c "$consul_url/v1/kv/app/a?raw")"
expect missing 404 "$(c -o /dev/null -w '%{http_code}' $consul_url/v1/kv/none)"
i=$(index_of $consul_url/v1/kv/app/a)
expect "cas refused" false "$(c -X PUT -d x "$consul_url/v1/kv/app/a?cas=1")"
expect "cas" true "$(c -X PUT -d two "$consul_url/v1/kv/app/a?cas=$i")"
expect "identical put" "$(index_of $consul_url/v1/kv/app/a)" "$(c -X PUT -d two $consul_url/v1/kv/app/a >/dev/null; index_of $consul_url/v1/kv/app/a)"
c -X PUT -d 1 $consul_url/v1/kv/app/b/c >/dev/null
expect keys '["app/a","app/b/"]' "$(c "$consul_url/v1/kv/app/?keys&separator=/" | jq -c .)"
expect recurse 2 "$(c "$consul_url/v1/kv/app?recurse" | jq length)"
# a blocking query returns on its change, not on another's
i=$(index_of $consul_url/v1/kv/app/a)
(c "$consul_url/v1/kv/app/a?index=$i&wait=60s&raw" >"$work/woken"; c "$consul_url/v1/kv/app/a?index=$i&wait=60s" >"$work/woken2") & waiter=$!
c -X PUT -d other $consul_url/v1/kv/zzz >/dev/null
c -X PUT -d three $consul_url/v1/kv/app/a >/dev/null
wait $waiter
contains "$(cat "$work/woken2")" "dGhyZWU="
expect delete true "$(c -X DELETE "$consul_url/v1/kv/app?recurse")"
expect gone 404 "$(c -o /dev/null -w '%{http_code}' "$consul_url/v1/kv/app?recurse")"
# services: an identical registration moves no index; one service does not wake another's watchers
reg='{"Name":"web","ID":"web1","Port":80,"Tags":["v1"],"Check":{"TTL":"1h"}}'
c -X PUT -d "$reg" $consul_url/v1/agent/service/register
expect "critical at first" critical "$(c $consul_url/v1/health/service/web | jq -r '.[0].Checks[] | select(.ServiceID=="web1").Status')"
expect "passing filter" 0 "$(c "$consul_url/v1/health/service/web?passing" | jq length)"
c -X PUT "$consul_url/v1/agent/check/pass/service:web1"
expect "now passing" 1 "$(c "$consul_url/v1/health/service/web?passing" | jq length)"
expect "SRV" 1 "$(srv_count v1.web.service.consul)"
i=$(index_of $consul_url/v1/health/service/web)
c -X PUT -d "$reg" $consul_url/v1/agent/service/register
c -X PUT "$consul_url/v1/agent/check/pass/service:web1?note=again"
c -X PUT -d '{"Name":"db","Port":5432}' $consul_url/v1/agent/service/register
expect "index at rest" "$i" "$(index_of $consul_url/v1/health/service/web)"
expect "names" '["consul","db","web"]' "$(c $consul_url/v1/catalog/services | jq -c keys)"
c -X PUT -d '{"Node":"ext","Address":"10.9.9.9","Service":{"Service":"search","Port":9200}}' $consul_url/v1/catalog/register >/dev/null
expect "external" 10.9.9.9 "$(dig +short @127.0.0.1 -p $dns search.service.consul)"
expect "node lookup" 10.9.9.9 "$(dig +short @127.0.0.1 -p $dns ext.node.consul)"
c -X PUT -d '{"Node":"ext"}' $consul_url/v1/catalog/deregister >/dev/null
expect "deregistered" 0 "$(srv_count search.service.consul)"
c -X PUT $consul_url/v1/agent/service/deregister/web1
expect "web gone" '[]' "$(c $consul_url/v1/health/service/web | jq -c .)"
expect "self" dc1 "$(c $consul_url/v1/agent/self | jq -r .Config.Datacenter)"
expect "405" "method POST not allowed" "$(c -X POST $consul_url/v1/catalog/services)"
# what is not understood is refused, what the peer knows is not
expect "an unknown key" 'Request decode failed: json: unknown field "Bogus"' \
    "$(c -X PUT -d '{"Name":"x","Bogus":1}' $consul_url/v1/agent/service/register)"
expect "gRPC" 'Invalid check: gRPC checks are not run by this agent; use HTTP, TCP, Script or TTL' \
    "$(c -X PUT -d '{"Name":"x","Check":{"GRPC":"127.0.0.1:1","Interval":"1s"}}' $consul_url/v1/agent/service/register)"
expect "neither is there" false "$(c $consul_url/v1/agent/services | jq 'has("x")')"
expect "a token" 200 "$(c -o /dev/null -w '%{http_code}' -X PUT -d '{"Name":"y","Token":"t","Namespace":""}' $consul_url/v1/agent/service/register)"
# tcp and script checks run
python3 -c 'import socket,time
s=socket.socket(); s.bind(("127.0.0.1",0)); s.listen(8); print(s.getsockname()[1],flush=True)
while True: s.accept()[0].close()' >"$work/tcp" & extra_pids=$!
wait_for "a tcp server" test -s "$work/tcp"
c -X PUT -d "{\"Name\":\"t\",\"Check\":{\"TCP\":\"127.0.0.1:$(cat "$work/tcp")\",\"Interval\":\"1s\"}}" $consul_url/v1/agent/service/register
c -X PUT -d '{"Name":"s","Check":{"Args":["/bin/sh","-c","echo warned; exit 1"],"Interval":"1s"}}' $consul_url/v1/agent/service/register
status_is() { [ "$(c $consul_url/v1/health/checks/$1 | jq -r '.[0].Status')" = $2 ]; }
wait_for "tcp passing" status_is t passing
wait_for "script warning" status_is s warning
