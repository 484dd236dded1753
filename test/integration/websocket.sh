# A WebSocket through the proxy: handshake, frames both ways, large messages against a slow reader,
# either side's end; an upstream that declines; an upgrade that a tunnel must not carry.
. "$(dirname "$0")/lib.sh"
start_agent
cat >"$work/server.py" <<'P'
import base64, hashlib, socket, sys, threading, time
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
def exactly(c, n):
    out = b""
    while len(out) < n:
        piece = c.recv(min(65536, n - len(out)))
        if not piece: raise EOFError
        out += piece
    return out
def frame(c):
    a, b = exactly(c, 2)
    n = b & 127
    if n == 126: n = int.from_bytes(exactly(c, 2), "big")
    elif n == 127: n = int.from_bytes(exactly(c, 8), "big")
    mask = exactly(c, 4) if b & 128 else bytes(4)
    data = exactly(c, n)
    if any(mask):
        key = (mask * (n // 4 + 1))[:n]
        data = (int.from_bytes(data, "big") ^ int.from_bytes(key, "big")).to_bytes(n, "big")
    return a & 15, data
def wrap(op, data):
    n = len(data)
    size = bytes([n]) if n < 126 else b"\x7e" + n.to_bytes(2, "big") if n < 65536 else b"\x7f" + n.to_bytes(8, "big")
    return bytes([128 | op]) + size + data
def serve(c):
    try:
        head = b""
        while b"\r\n\r\n" not in head: head += c.recv(65536)
        lines = head.split(b"\r\n")
        fields = {k.lower(): v.strip() for k, _, v in (l.partition(b":") for l in lines[1:])}
        path = lines[0].split()[1]
        if b"upgrade" not in fields or b"upgrade" not in fields.get(b"connection", b"").lower() or path.endswith(b"/decline"):
            body = b"plain " + fields.get(b"upgrade", b"none")
            c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)); return
        if path.endswith(b"/liar"):
            c.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n"); return
        key = base64.b64encode(hashlib.sha1(fields[b"sec-websocket-key"] + GUID).digest())
        # the first frame goes out with the head: bytes behind a 101 belong to the tunnel
        c.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  b"Sec-WebSocket-Accept: " + key + b"\r\n\r\n" + wrap(1, b"hello " + fields[b"forwarded"]))
        while True:
            op, data = frame(c)
            if op == 8: c.sendall(wrap(8, data)); return
            if data == b"hang up": return
            c.sendall(wrap(op, data))
    except (EOFError, OSError): sys.stdout.write("gone\n"); sys.stdout.flush()
    finally: c.close()
if __name__ == "__main__":
    s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(64)
    print(s.getsockname()[1], flush=True)
    while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
P
cat >"$work/client.py" <<'P'
import base64, hashlib, os, socket, sys, threading, time
from server import GUID, exactly, frame
def mask(op, data):
    n, key = len(data), os.urandom(4)
    size = bytes([128 | n]) if n < 126 else b"\xfe" + n.to_bytes(2, "big") if n < 65536 else b"\xff" + n.to_bytes(8, "big")
    pad = (key * (n // 4 + 1))[:n]
    return bytes([128 | op]) + size + key + (int.from_bytes(data, "big") ^ int.from_bytes(pad, "big")).to_bytes(n, "big")
def connect(early=b""):
    c = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60)
    c.settimeout(60)
    key = base64.b64encode(os.urandom(16))
    c.sendall(b"GET /ws HTTP/1.1\r\nHost: ws.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
              b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + key + b"\r\n\r\n" + early)
    head = b""
    while not head.endswith(b"\r\n\r\n"): head += exactly(c, 1)
    assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n"), head
    fields = head.lower()
    assert b"\r\nupgrade: websocket\r\n" in fields and b"\r\nconnection: upgrade\r\n" in fields, head
    assert base64.b64encode(hashlib.sha1(key + GUID).digest()) in head, head
    assert b"content-length" not in fields and b"transfer-encoding" not in fields, head
    op, first = frame(c)
    assert first.startswith(b"hello for=127.0.0.1; proto=ws"), first
    return c
c = connect()
for n in (0, 1, 125, 126, 65535, 65536, 300000):
    data = os.urandom(n)
    c.sendall(mask(2, data))
    assert frame(c) == (2, data), n
c.sendall(mask(8, b"\x03\xe8"))
assert frame(c)[0] == 8
assert c.recv(1) == b"", "closed after the close frame"
# bytes sent before the 101 are not lost
c = connect(mask(1, b"early"))
assert frame(c) == (1, b"early")
# the upstream hangs up: so are we
c.sendall(mask(1, b"hang up"))
assert c.recv(1) == b""
# much, against a reader that waits until the writer stands still: nothing is lost, nobody gives up
c = connect()
# (the kernel alone holds some 40 MB on the way round)
data = os.urandom(1 << 20)
wire, sent, count = mask(2, data), [0], 80
def send():
    for _ in range(count):
        c.sendall(wire); sent[0] += 1
t = threading.Thread(target=send); t.start()
still, limit = 0, time.time() + 60
while still < 10 and t.is_alive() and time.time() < limit:
    before = sent[0]; time.sleep(0.05); still = still + 1 if sent[0] == before else 0
assert t.is_alive(), "80 MB went into a tunnel that nobody read"
for _ in range(count): assert frame(c) == (2, data)
t.join(); c.close()
# many at once
all = [connect() for _ in range(50)]
for i, x in enumerate(all): x.sendall(mask(1, b"%d" % i))
for i, x in enumerate(all): assert frame(x) == (1, b"%d" % i)
for x in all: x.close()
print("ok")
P
python3 "$work/server.py" >"$work/port" & extra_pids=$!
wait_for "the server" test -s "$work/port"
curl -sf -X PUT -d "{\"Name\":\"ws\",\"Port\":$(head -n 1 "$work/port"),\"Address\":\"127.0.0.1\",\"Tags\":[\"urlprefix-/ws\"],\"Check\":{\"TTL\":\"1h\",\"Status\":\"passing\"}}" \
    "$consul_url/v1/agent/service/register" || fail register
wait_for "the route" routes_are 1
out=$(cd "$work" && timeout 120 python3 client.py "$lb" 2>&1) || fail "client: $out"
expect client ok "$out"
# the clients' ends reached the server: 1 + 50 that closed without a frame
gone() { [ "$(grep -o gone "$work/port" | wc -l)" -ge 51 ]; }
wait_for "the server to see its clients go" gone
ws='-H Connection:Upgrade -H Sec-WebSocket-Key:dGhlIHNhbXBsZSBub25jZQ== -H Sec-WebSocket-Version:13'
expect declined "plain websocket" "$(curl -s -m 10 $ws -H Upgrade:websocket "$proxy_url/ws/decline")"
expect h2c "plain none" "$(curl -s -m 10 $ws -H Upgrade:h2c "$proxy_url/ws")"
expect "no upgrade" "plain none" "$(curl -s -m 10 "$proxy_url/ws")"
# a 101 that nobody asked for
python3 -c '
import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(8)
print(s.getsockname()[1], flush=True)
while True:
    c, _ = s.accept(); c.recv(65536); c.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"); c.close()' >"$work/port2" &
extra_pids="$extra_pids $!"
wait_for "the liar" test -s "$work/port2"
curl -sf -X PUT -d "{\"Name\":\"liar\",\"Port\":$(cat "$work/port2"),\"Address\":\"127.0.0.1\",\"Tags\":[\"urlprefix-/liar\"],\"Check\":{\"TTL\":\"1h\",\"Status\":\"passing\"}}" \
    "$consul_url/v1/agent/service/register" || fail register
wait_for "two routes" routes_are 2
expect liar 502 "$(curl -s -m 10 -o /dev/null -w '%{http_code}' "$proxy_url/liar")"
kill -0 "$agent" || fail "the agent died"
stop_agent
