import sys, threading, time
import consul

port = int(sys.argv[1])
c = consul.Consul(host="127.0.0.1", port=port)


def equal(what, want, got):
    if want != got:
        sys.exit("%s: wanted %r, got %r" % (what, want, got))


def eventually(what, test):
    for _ in range(600):
        if test():
            return
        time.sleep(0.05)
    sys.exit("waited in vain: " + what)


equal("leader", True, bool(c.status.leader()))
equal("datacenters", ["dc1"], c.catalog.datacenters())
services = c.catalog.services()[1]
equal("consul is among the services", True, "consul" in services)
equal("the job's tags", True, "anaconda" in services["http-echo"])

nodes = c.catalog.service("http-echo", tag="anaconda")[1]
equal("instances in the catalog", 5, len(nodes))
equal("ports differ", 5, len({n["ServicePort"] for n in nodes}))
eventually("all five pass", lambda: len(c.health.service("http-echo", passing=True)[1]) == 5)
index, entries = c.health.service("http-echo", passing=True)
equal("each has its own check", True, all(
    any(k["ServiceName"] == "http-echo" and k["Status"] == "passing" for k in e["Checks"]) for e in entries))
me = c.agent.self()["Config"]["NodeName"]
equal("the node's address", "127.0.0.1", [n for n in c.catalog.nodes()[1] if n["Node"] == me][0]["Address"])
equal("checks of the service", 5, len(c.health.checks("http-echo")[1]))
equal("services of the agent", 5, sum(s["Service"] == "http-echo" for s in c.agent.services().values()))

# A blocking query sleeps until its own service changes, not another one.
woken = []
waiter = threading.Thread(target=lambda: woken.append(c.health.service("web", index=c.health.service("web")[0] or 1,
                                                                        wait="30s")))
other = consul.Consul(host="127.0.0.1", port=port)
waiter.start()
equal("register", True, other.agent.service.register("web", service_id="web-1", port=8080, tags=["a", "b"],
                                                     check=consul.Check.ttl("60s")))
equal("a check that waits for its word", 0, len(other.health.service("web", passing=True)[1]))
# (This client's ttl_pass and deregister say GET, which Consul refuses since 1.0: so they are put by hand.)
equal("the word by GET", False, other.agent.check.ttl_pass("service:web-1"))
equal("the word", True, other.http.put(lambda r: r.code == 200, "/v1/agent/check/pass/service:web-1"))
eventually("web passes", lambda: len(other.health.service("web", passing=True)[1]) == 1)
waiter.join(40)
equal("the waiter woke", 1, len(woken))
equal("deregister", True, other.http.put(lambda r: r.code == 200, "/v1/agent/service/deregister/web-1"))
eventually("web is gone", lambda: not other.catalog.service("web")[1])

# Keys and values
equal("put", True, c.kv.put("app/name", "äöü ✓".encode()))
index, row = c.kv.get("app/name")
equal("value", "äöü ✓".encode(), row["Value"])
equal("stale cas", False, c.kv.put("app/name", "x", cas=row["ModifyIndex"] - 1))
equal("cas", True, c.kv.put("app/name", "x", cas=row["ModifyIndex"]))
equal("flags", True, c.kv.put("app/flagged", "1", flags=42))
equal("flags come back", 42, c.kv.get("app/flagged")[1]["Flags"])
equal("recurse", ["app/flagged", "app/name"], [r["Key"] for r in c.kv.get("app/", recurse=True)[1]])
equal("keys", ["app/"], c.kv.get("a", keys=True, separator="/")[1])
got = []
index = c.kv.get("app/name")[0]
waiter = threading.Thread(target=lambda: got.append(c.kv.get("app/name", index=index, wait="30s")))
waiter.start()
other.kv.put("elsewhere", "1")
other.kv.put("app/name", "y")
waiter.join(40)
equal("the key's waiter", b"y", got[0][1]["Value"])
equal("its index moved on", True, int(got[0][0]) > int(index))
equal("delete", True, c.kv.delete("app/", recurse=True))
equal("deleted", None, c.kv.get("app/name")[1])
print("python3-consul: content")
