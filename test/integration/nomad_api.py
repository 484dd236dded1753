"""The Nomad API beside recorded answers of the real program: status, headers, error texts, and every
field with its type. data/nomad_api.json holds the answers' shapes; `*` stands for any key."""
import json
import sys
import urllib.error
import urllib.request

base, recorded = sys.argv[1], json.load(open(sys.argv[2]))


def ask(method, path):
    request = urllib.request.Request(base + path, method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as e:
        answer = e
    return answer.status, {h.lower() for h in answer.headers}, answer.read().decode()


def kind(v):
    if isinstance(v, bool):
        return "bool"
    return "number" if isinstance(v, (int, float)) else "text"


def differences(want, got, where):
    """Null stands for an empty list, map or object in either."""
    if want is None or got is None or got == [] or want == []:
        return
    if isinstance(want, dict) or isinstance(want, list):
        if type(want) is not type(got):
            yield f"{where or '/'}: {json.dumps(got)[:40]} instead of {type(want).__name__}"
        elif isinstance(want, list):
            for i, v in enumerate(got):
                yield from differences(want[0], v, f"{where}[{i}]")
        elif "*" in want:
            for k, v in got.items():
                yield from differences(want["*"], v, f"{where}.{k}")
        else:
            for k, v in want.items():
                if k in got:
                    yield from differences(v, got[k], f"{where}.{k}")
                elif k not in SELDOM:
                    yield f"{where}.{k} is missing"
    elif isinstance(got, (dict, list)) or kind(got) != want:
        yield f"{where or '/'}: {json.dumps(got)[:40]} instead of {want}"


# Left out by both programs where they are empty.
SELDOM = {"StatusDescription", "PreviousEval", "NodeID", "NodeModifyIndex", "BlockedEval"}

allocation = json.loads(ask("GET", "/v1/job/http-echo/allocations")[2])[0]
deployment = json.loads(ask("GET", "/v1/job/http-echo/deployment")[2])
ids = {
    "{alloc}": allocation["ID"],
    "{eval}": allocation["EvalID"],
    "{node}": allocation["NodeID"],
    "{deployment}": deployment["ID"],
}
failed = 0
for name, want in recorded.items():
    path = want["path"]
    for k, v in ids.items():
        path = path.replace(k, v)
    status, headers, body = ask(want["method"], path)
    found = []
    if status != want["status"]:
        found.append(f"status {status} instead of {want['status']}")
    missing = set(want["headers"]) - headers
    if missing:
        found.append(f"without {', '.join(sorted(missing))}")
    if "text" in want and body != want["text"]:
        found.append(f"{body[:100]!r} instead of {want['text'][:100]!r}")
    if "shape" in want and not found:
        found += differences(want["shape"], json.loads(body), "")
    for text in found[:10]:
        print(f"{name} ({want['method']} {path}): {text}")
    failed += bool(found)
print(f"{len(recorded) - failed} of {len(recorded)} answers as recorded")
sys.exit(failed > 0)
