"""Names of every length, and odd ones, in every place a name may come in: each is answered, and the agent lives.
Arguments: the Nomad port, the Consul port."""
import http.client
import json
import sys
import urllib.parse

NOMAD, CONSUL = int(sys.argv[1]), int(sys.argv[2])
LENGTHS = (1, 2, 36, 63, 64, 255, 300, 301, 490, 497, 498, 499, 500, 501, 509, 510, 511, 512, 600, 5000)
ODD = ("", " ", "/", "..", "a/../b", "%", "a\0b", "\0", "a\nb", "\x01extinct", "\x7f", "é", "\U0001F600",
       "${node.class}", "*", "-", "'\"<>", "\\")
PATHS = {
    NOMAD: """
GET /v1/allocation/%s|POST /v1/allocation/%s/stop|GET /v1/client/fs/logs/%s?task=t&type=stdout
GET /v1/deployment/%s|GET /v1/deployment/allocations/%s|POST /v1/deployment/fail/%s
POST /v1/deployment/pause/%s|POST /v1/deployment/promote/%s|POST /v1/deployment/allocation-health/%s
GET /v1/evaluation/%s|GET /v1/evaluation/%s/allocations|GET /v1/node/%s|GET /v1/node/%s/allocations
POST /v1/node/%s/drain|POST /v1/node/%s/eligibility|GET /v1/job/%s|DELETE /v1/job/%s
DELETE /v1/job/%s?purge=true|GET /v1/job/%s/allocations|GET /v1/job/%s/evaluations
GET /v1/job/%s/deployments|GET /v1/job/%s/deployment|GET /v1/job/%s/versions|GET /v1/job/%s/summary
POST /v1/job/%s/evaluate|POST /v1/job/%s/periodic/force|POST /v1/job/%s/dispatch
POST /v1/job/%s/revert|POST /v1/job/%s/stable|GET /v1/job/%s/scale|POST /v1/job/%s/scale
GET /v1/jobs?prefix=%s|GET /v1/nodes?prefix=%s|GET /v1/allocations?prefix=%s
GET /v1/evaluations?prefix=%s|GET /v1/deployments?prefix=%s|GET /v1/jobs?namespace=%s
GET /v1/job/x?namespace=%s|DELETE /v1/job/x?namespace=%s""",
    CONSUL: """
GET /v1/agent/service/%s|PUT /v1/agent/service/deregister/%s|PUT /v1/agent/check/deregister/%s
PUT /v1/agent/check/pass/%s|PUT /v1/agent/check/update/%s|GET /v1/catalog/node/%s
GET /v1/catalog/service/%s|GET /v1/health/checks/%s|GET /v1/health/node/%s
GET /v1/health/service/%s|GET /v1/health/state/%s|GET /v1/kv/%s|PUT /v1/kv/%s|DELETE /v1/kv/%s
GET /v1/kv/%s?recurse|DELETE /v1/kv/%s?recurse|PUT /v1/kv/%s?cas=0|DELETE /v1/kv/%s?cas=1
GET /v1/kv/%s?keys&separator=/|GET /v1/health/service/x?tag=%s""",
}
JOB = {"Region": "global", "Datacenters": ["dc1"], "Type": "service", "TaskGroups": []}


def ask(port, method, path, body=None):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    c.request(method, path, body if body is None else json.dumps(body))
    answer = c.getresponse()
    text = answer.read()
    c.close()
    if not 200 <= answer.status < 600:
        sys.exit(f"{method} {path[:60]}: {answer.status}")
    return answer.status, text.decode()


def bodies(name):
    """Where a name of that length stands in a body."""
    check = {"Name": "c", "Status": "passing"}
    node = {"Node": "n", "Address": "1.2.3.4"}
    for job in ({"ID": name, "Name": "x"}, {"ID": "x", "Name": name}, {"ID": "x", "Name": "x", "Namespace": name}):
        yield NOMAD, "/v1/jobs", {"Job": {**JOB, **job}}
        yield NOMAD, "/v1/job/x/plan", {"Job": {**JOB, **job}}
    group = {"Name": name, "Tasks": [{"Name": name, "Driver": "raw_exec", "Config": {"command": "/bin/true"}}]}
    yield NOMAD, "/v1/jobs", {"Job": {**JOB, "ID": "long", "Name": "long", "Type": "batch", "TaskGroups": [group]}}
    yield CONSUL, "/v1/catalog/register", {**node, "Node": name}
    yield CONSUL, "/v1/catalog/register", {**node, "Service": {"Service": name}}
    yield CONSUL, "/v1/catalog/register", {**node, "Service": {"Service": "s", "ID": name}}
    yield CONSUL, "/v1/catalog/register", {**node, "Check": {**check, "Name": name}}
    yield CONSUL, "/v1/catalog/register", {**node, "Check": {**check, "CheckID": name}}
    yield CONSUL, "/v1/catalog/register", {**node, "Check": {**check, "ServiceID": name}}
    yield CONSUL, "/v1/agent/service/register", {"Name": name, "Check": {"TTL": "1h"}}
    yield CONSUL, "/v1/agent/service/register", {"Name": "s", "ID": name}
    yield CONSUL, "/v1/agent/check/register", {"Name": name, "TTL": "1h"}
    yield CONSUL, "/v1/agent/check/register", {"Name": "c", "ID": name, "TTL": "1h"}
    yield CONSUL, "/v1/catalog/deregister", {"Node": "n", "ServiceID": name}
    yield CONSUL, "/v1/catalog/deregister", {"Node": "n", "CheckID": name}
    yield CONSUL, "/v1/catalog/deregister", {"Node": name}


def held_or_refused():
    """What is accepted is found again under its whole name; what is not says why."""
    for length in LENGTHS:
        name = "h" * length
        status, text = ask(CONSUL, "PUT", "/v1/catalog/register", {"Node": name, "Address": "1.2.3.4"})
        nodes = [n["Node"] for n in json.loads(ask(CONSUL, "GET", "/v1/catalog/nodes")[1])]
        if (status == 200) != (name in nodes):
            sys.exit(f"a node's name of {length} bytes: {status} {text}, among the nodes: {name in nodes}")
        if (status == 200) != (length <= 497):
            sys.exit(f"a node's name of {length} bytes: {status} {text}")
        if status != 200 and "at most 497 bytes" not in text:
            sys.exit(f"not told why: {text}")


for name in ["x" * length for length in LENGTHS] + list(ODD):
    for port, paths in PATHS.items():
        for line in paths.replace("\n", "|").strip("|").split("|"):
            method, path = line.split(" ", 1)
            ask(port, method, path.replace("%s", urllib.parse.quote(name, safe="")), None if method == "GET" else {})
    for port, path, body in bodies(name):
        ask(port, "PUT", path, body)
held_or_refused()
