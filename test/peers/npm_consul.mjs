import Consul from "consul";
import assert from "node:assert/strict";

const consul = new Consul({ host: "127.0.0.1", port: Number(process.argv[2]) });

async function eventually(what, test) {
  for (let i = 0; i < 600; i++) {
    if (await test()) return;
    await new Promise((r) => setTimeout(r, 50));
  }
  assert.fail("waited in vain: " + what);
}

const services = await consul.catalog.service.list();
assert.ok(services["http-echo"].includes("anaconda"));
await eventually("five pass", async () =>
  (await consul.health.service({ service: "http-echo", passing: true })).length === 5);
const nodes = await consul.catalog.service.nodes("http-echo");
assert.equal(nodes.length, 5);
assert.equal(new Set(nodes.map((n) => n.ServicePort)).size, 5);
const self = await consul.agent.self();
assert.equal(self.Config.Datacenter, "dc1");
assert.ok((await consul.agent.members()).some((m) => m.Name === self.Config.NodeName));

assert.equal(await consul.kv.set("npm/key", "value"), true);
assert.equal((await consul.kv.get("npm/key")).Value, "value");
assert.deepEqual(await consul.kv.keys("npm/"), ["npm/key"]);
assert.equal(await consul.kv.get("npm/none"), undefined);

// A watch tells the state now and each change after it.
const seen = [];
const watch = consul.watch({ method: consul.health.service, options: { service: "watched", passing: true }, backoffFactor: 10 });
watch.on("change", (data) => seen.push(data.length));
watch.on("error", (err) => assert.fail(err));
await eventually("the first word", async () => seen.length >= 1);
await consul.agent.service.register({ name: "watched", port: 1234, check: { ttl: "60s", status: "passing" } });
await eventually("one instance", async () => seen.at(-1) === 1);
await consul.agent.check.fail("service:watched");
await eventually("none passes", async () => seen.at(-1) === 0);
watch.end();
await consul.agent.service.deregister("watched");
await consul.kv.del({ key: "npm/", recurse: true });
console.log("npm consul: content");
process.exit(0);
