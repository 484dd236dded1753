# What routing tags can ask for, through the proxy: redirects, access, prepend, host, weights; what
# cannot be honoured is said once.
. "$(dirname "$0")/lib.sh"
start_agent
cat >"$work/up.py" <<'P'
import http.server
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        text = ("%d %s %s" % (self.server.server_address[1], self.path, self.headers["Host"])).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(text))); self.end_headers(); self.wfile.write(text)
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
print(s.server_address[1], flush=True); s.serve_forever()
P
for i in 1 2; do
    python3 "$work/up.py" >"$work/port$i" & extra_pids="$extra_pids $!"
done
wait_for "the servers" test -s "$work/port1" -a -s "$work/port2"
one=$(cat "$work/port1") two=$(cat "$work/port2")
register() { # register ID PORT TAG...
    id=$1 port=$2; shift 2
    tags=$(printf '%s\n' "$@" | jq -R . | jq -sc .)
    curl -sf -X PUT -d "{\"Name\":\"up\",\"ID\":\"$id\",\"Port\":$port,\"Address\":\"127.0.0.1\",\"Tags\":$tags,\"Check\":{\"TTL\":\"1h\",\"Status\":\"passing\"}}" \
        "$consul_url/v1/agent/service/register" || fail "register $id"
}
register one "$one" 'urlprefix-/w weight=0.8' 'urlprefix-/redir redirect=302,http://example.org/new' \
    'urlprefix-/redirp redirect=301,http://example.org/p$path' 'urlprefix-/prep prepend=/pre' \
    'urlprefix-/dst host=dst' 'urlprefix-/set host=set.example' 'urlprefix-/deny deny=ip:127.0.0.0/8' \
    'urlprefix-/far deny=ip:10.0.0.0/8' 'urlprefix-/bad weight=abc' 'urlprefix-/idle pxyproto=true' \
    'urlprefix-s.example/ redirect=301,https://$host$path' 'urlprefix-/s'
register two "$two" 'urlprefix-/w'
wait_for "the routes" routes_are 12
get() { curl -s -m 10 "$@"; }
expect prepend "$one /pre/prep/one localhost" "$(get -H Host:localhost "$proxy_url/prep/one")"
expect "host=dst" "$one /dst 127.0.0.1:$one" "$(get "$proxy_url/dst")"
expect "host=" "$one /set set.example" "$(get "$proxy_url/set")"
where='%{http_code} %{redirect_url}'
expect redirect "302 http://example.org/new" "$(get -o /dev/null -w "$where" "$proxy_url/redir/abc")"
expect 'redirect $path' "301 http://example.org/p/redirp/abc?q=1" "$(get -o /dev/null -w "$where" "$proxy_url/redirp/abc?q=1")"
expect "its body" '<a href="http://example.org/p/redirp/abc?q=1&amp;r=2">Moved Permanently</a>.' "$(get "$proxy_url/redirp/abc?q=1&r=2" | head -n 1)"
expect 'to https' "301 https://s.example/s/x" "$(get -H Host:s.example -o /dev/null -w "$where" "$proxy_url/s/x")"
# what has come by https already goes on to the next route
expect 'from https' "$one /s/x s.example" "$(get -H Host:s.example -H X-Forwarded-Proto:https "$proxy_url/s/x")"
expect denied "403 access denied" "$(get -o "$work/body" -w '%{http_code}' "$proxy_url/deny") $(cat "$work/body")"
expect "denied by X-Forwarded-For" 403 "$(get -H 'X-Forwarded-For: 192.0.2.1, 10.1.2.3' -o /dev/null -w '%{http_code}' "$proxy_url/far")"
expect allowed 200 "$(get -H 'X-Forwarded-For: 192.0.2.1' -o /dev/null -w '%{http_code}' "$proxy_url/far")"
for i in $(seq 40); do get "$proxy_url/w" | cut -d' ' -f1; done | sort | uniq -c >"$work/shares"
share=$(awk -v p="$one" '$2 == p {print $1}' "$work/shares")
[ "$share" -ge 30 ] && [ "$share" -le 34 ] || fail "weight 0.8 of 40: $(cat "$work/shares")"
expect "a bad tag" 404 "$(get -o /dev/null -w '%{http_code}' "$proxy_url/bad")"
register three "$two" 'urlprefix-/w' # the table is built again
wait_for "the new route" routes_are 13
expect "said once" 1 "$(grep -c 'urlprefix-/bad weight=abc.*weight takes' "$work/agent.log")"
expect "idle option" 1 "$(grep -c 'pxyproto=true has no effect' "$work/agent.log")"
stop_agent
