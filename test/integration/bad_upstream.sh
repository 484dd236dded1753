# Upstreams that answer nonsense get their clients a 502; the proxy lives, and retries elsewhere.
. "$(dirname "$0")/lib.sh"
start_agent
cat >"$work/bad.py" <<'P'
import socket, sys, threading
answers = [b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nx",
           b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
           b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", b"",
           b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 999 X\r\n\r\n",
           b"HTTP/1.1 200 OK\r\n" + b"A: " + b"b" * 200000 + b"\r\n\r\n"]
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(64)
print(s.getsockname()[1], flush=True)
n = 0
while True:
    c, _ = s.accept()
    c.recv(65536); 
    try: c.sendall(answers[n % len(answers)])
    except OSError: pass
    n += 1; c.close()
P
python3 "$work/bad.py" >"$work/port" & extra_pids=$!
wait_for "the bad server" test -s "$work/port"
port=$(cat "$work/port")
curl -sf -X PUT -d "{\"Name\":\"bad\",\"Port\":$port,\"Address\":\"127.0.0.1\",\"Tags\":[\"urlprefix-/bad\"],\"Check\":{\"TTL\":\"1h\",\"Status\":\"passing\"}}" \
    "$consul_url/v1/agent/service/register" || fail register
wait_for "the route" routes_are 1
for i in $(seq 40); do
    code=$(curl -s -o /dev/null -w '%{http_code}' --max-time 10 -X POST -d x "$proxy_url/bad")
    case $code in 502 | 200 | 000) ;; *) fail "answer $i: $code" ;; esac
done
kill -0 "$agent" || fail "the agent died"
# a dead instance beside a living one: nobody notices
curl -sf -X PUT -d "{\"Name\":\"half\",\"ID\":\"dead\",\"Port\":$spare,\"Address\":\"127.0.0.1\",\"Tags\":[\"urlprefix-/half strip=/half\"],\"Check\":{\"TTL\":\"1h\",\"Status\":\"passing\"}}" "$consul_url/v1/agent/service/register"
python3 -c '
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        text = (self.path + "\n" + str(self.headers)).encode()
        self.send_response(200); self.send_header("Content-Length", str(len(text))); self.end_headers(); self.wfile.write(text)
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
print(s.server_address[1], flush=True); s.serve_forever()' >"$work/port2" &
extra_pids="$extra_pids $!"
wait_for "the good server" test -s "$work/port2"
curl -sf -X PUT -d "{\"Name\":\"half\",\"ID\":\"alive\",\"Port\":$(cat "$work/port2"),\"Address\":\"127.0.0.1\",\"Tags\":[\"urlprefix-/half strip=/half\"],\"Check\":{\"TTL\":\"1h\",\"Status\":\"passing\"}}" "$consul_url/v1/agent/service/register"
wait_for "three routes" routes_are 3
for i in $(seq 20); do
    out=$(curl -s -H 'Host: shop.example:8080' "$proxy_url/half/page?q=1") || fail "request $i"
    contains "$out" "/page?q=1"
done
contains "$out" "X-Forwarded-For: 127.0.0.1"
contains "$out" "X-Forwarded-Host: shop.example:8080"
contains "$out" "X-Forwarded-Prefix: /half"
contains "$out" "Host: shop.example:8080"
# a failing check takes it out
curl -sf -X PUT "$consul_url/v1/agent/check/fail/service:alive?note=down" || fail "check fail"
wait_for "two routes" routes_are 2
