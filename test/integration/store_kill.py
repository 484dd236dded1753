"""Writers against an agent that is killed at random moments; after every restart each acknowledged
write is there, each writer's keys in the order they were written, without a hole, and every job
that is there came with its evaluation (one command: both or neither)."""
import http.client, json, os, random, signal, subprocess, sys, threading, time

agent_argv, http_port, consul_port, rounds, writers = (
    sys.argv[6:], int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
log = open(sys.argv[5], "ab")
seed = int(os.environ.get("SEED", random.randrange(1 << 30)))
print("seed", seed, flush=True)
rng = random.Random(seed)
acked = [0] * writers          # the number of each writer's last acknowledged key
jobs_acked, job_next = [], 0


def call(conn, method, path, body=None):
    conn.request(method, path, body)
    r = conn.getresponse()
    return r.status, r.read()


def wait_ready(proc):
    for _ in range(1200):
        if proc.poll() is not None:
            sys.exit("the agent did not start: exit %s" % proc.returncode)
        try:
            c = http.client.HTTPConnection("127.0.0.1", consul_port, timeout=30)
            n = http.client.HTTPConnection("127.0.0.1", http_port, timeout=30)
            if call(c, "GET", "/v1/status/leader")[0] == 200 and call(n, "GET", "/v1/jobs")[0] == 200:
                return c, n
        except OSError:
            pass
        time.sleep(0.025)
    sys.exit("the agent did not become ready")


def write(i, stop):
    try:
        conn = http.client.HTTPConnection("127.0.0.1", consul_port, timeout=30)
        while not stop.is_set():
            n = acked[i] + 1
            status, body = call(conn, "PUT", "/v1/kv/w%d/%08d" % (i, n), "%d" % n)
            if status != 200 or body.strip() != b"true":
                return
            acked[i] = n
    except (OSError, http.client.HTTPException):
        pass                   # killed: whether the last one was taken, nobody promised


def register(stop):
    global job_next
    try:
        conn = http.client.HTTPConnection("127.0.0.1", http_port, timeout=30)
        while not stop.is_set():
            name = "kill-%d" % job_next
            job_next += 1
            job = {"Job": {"ID": name, "Name": name, "Type": "batch", "Datacenters": ["nowhere"], "TaskGroups": [
                {"Name": "g", "Tasks": [{"Name": "t", "Driver": "raw_exec", "Config": {"command": "true"}}]}]}}
            status, body = call(conn, "PUT", "/v1/jobs", json.dumps(job))
            if status != 200:
                return
            jobs_acked.append((name, json.loads(body)["EvalID"]))
            stop.wait(0.03)    # each waits for a datacenter that never comes: not too many
    except (OSError, http.client.HTTPException):
        pass


def verify(consul, nomad):
    for i in range(writers):
        status, body = call(consul, "GET", "/v1/kv/w%d/?recurse" % i)
        rows = json.loads(body) if status == 200 else []
        keys = [r["Key"] for r in rows]
        if keys != ["w%d/%08d" % (i, n + 1) for n in range(len(rows))]:
            sys.exit("writer %d: a hole among %d keys" % (i, len(rows)))
        if len(rows) < acked[i]:
            sys.exit("writer %d: %d acknowledged, %d there" % (i, acked[i], len(rows)))
        created = [r["CreateIndex"] for r in rows]
        if any(a >= b for a, b in zip(created, created[1:])):
            sys.exit("writer %d: out of order" % i)
        acked[i] = len(rows)   # what was taken unacknowledged is there for good as well
    there = {j["ID"] for j in json.loads(call(nomad, "GET", "/v1/jobs")[1])}
    for name, ev in jobs_acked[-50:]:
        if name not in there:
            sys.exit("job %s: acknowledged and gone" % name)
        if call(nomad, "GET", "/v1/evaluation/" + ev)[0] != 200:
            sys.exit("job %s: its evaluation is gone" % name)
    for name in sorted(there)[-50:]:
        if not json.loads(call(nomad, "GET", "/v1/job/%s/evaluations" % name)[1]):
            sys.exit("job %s: there without an evaluation" % name)


for r in range(rounds):
    proc = subprocess.Popen(agent_argv, stdout=log, stderr=log)
    try:
        verify(*wait_ready(proc))
        stop = threading.Event()
        threads = [threading.Thread(target=write, args=(i, stop)) for i in range(writers)]
        threads.append(threading.Thread(target=register, args=(stop,)))
        [t.start() for t in threads]
        time.sleep(rng.uniform(0.0, 0.25))
    finally:
        proc.send_signal(signal.SIGKILL)
        proc.wait()
    stop.set()
    [t.join() for t in threads]
proc = subprocess.Popen(agent_argv, stdout=log, stderr=log)
try:
    verify(*wait_ready(proc))
finally:
    proc.terminate()
    proc.wait()
total = sum(acked)
print("%d kills, %d keys and %d jobs acknowledged, all there" % (rounds, total, len(jobs_acked)))
if total < rounds or len(jobs_acked) < rounds // 2:
    sys.exit("too few writes for this to say anything")
