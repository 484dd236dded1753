"""Parks many blocking queries, a key each, and tells what they cost the agent and whom a write wakes."""
import os, select, socket, sys, time

port, pid, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])


def rss_kib():
    return next(int(l.split()[1]) for l in open("/proc/%s/status" % pid) if l.startswith("VmRSS"))


def cpu_ticks():
    return sum(map(int, open("/proc/%s/stat" % pid).read().rsplit(")", 1)[1].split()[11:13]))


def put(key):
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall(b"PUT /v1/kv/%s HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\n\r\n1" % key)
    answer = b""
    while True:
        got = s.recv(4096)
        if not got:
            break
        answer += got
    s.close()
    if b" 200 " not in answer:
        sys.exit("writing %s: %s" % (key, answer))


def index_now():
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall(b"GET /v1/kv/none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = b""
    while True:
        got = s.recv(4096)
        if not got:
            break
        answer += got
    s.close()
    line = next(l for l in answer.split(b"\r\n") if l.lower().startswith(b"x-consul-index:"))
    return int(line.split(b":")[1])


put(b"other")  # so that there is an index to wait from
index = index_now()
before = rss_kib()
parked = []
for i in range(count):
    s = socket.create_connection(("127.0.0.1", port))
    s.sendall(b"GET /v1/kv/parked/%d?index=%d&wait=10m HTTP/1.1\r\nHost: x\r\n\r\n" % (i, index))
    parked.append(s)
poll = select.epoll()
for s in parked:
    poll.register(s.fileno(), select.EPOLLIN)
idle = 0
for _ in range(120):  # until the agent has taken them all in and rests
    t = cpu_ticks()
    time.sleep(0.5)
    idle = idle + 1 if cpu_ticks() - t <= 1 else 0
    if idle >= 4:
        break
else:
    sys.exit("the agent does not come to rest")
if poll.poll(0):
    sys.exit("a parked query was answered before anything changed")
cost = (rss_kib() - before) / 1024
t = cpu_ticks()
time.sleep(3)
spent = cpu_ticks() - t
print("%d parked queries: %.1f MiB, %d ms of CPU in 3 s" % (count, cost, spent * 10))
if cost > 150:
    sys.exit("more than 150 MiB")
if spent > 15:
    sys.exit("parked queries take CPU")
by_fd = {s.fileno(): i for i, s in enumerate(parked)}
put(b"parked/77")
woken = set()
for _ in range(300):
    woken |= {by_fd[fd] for fd, _ in poll.poll(0.1)}
    if 77 in woken:
        break
time.sleep(0.5)
woken |= {by_fd[fd] for fd, _ in poll.poll(0)}
if woken != {77}:
    sys.exit("a write of key 77 woke %d others: %s" % (len(woken - {77}), sorted(woken)[:10]))
print("woken by one write:", sorted(woken))
