// A remote host's agents by a leaf node, as docs/cluster.md sets it up: a bridge on the leaf is an agent like any other.
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { startChild } from "../support/child.ts";
import { cliaiCommand, startServe } from "../support/cliai.ts";
import { testNatsServer } from "../support/nats.ts";
import { freePorts } from "../support/nats-cluster.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

test("a bridge on a leaf node shows in the fleet and takes its orders", async () => {
  await using dir = await tempDir();
  const [hub = 0, leaves = 0, leaf = 0] = await freePorts(3);
  await mkdir(dir.join("js"));
  const hubConfig = `host: "127.0.0.1"
port: ${hub}
max_payload: 8MB
jetstream { store_dir: "${dir.join("js")}", domain: hub }
leafnodes { host: "127.0.0.1", port: ${leaves} }
`;
  const leafConfig = `host: "127.0.0.1"
port: ${leaf}
max_payload: 8MB
mappings: { "$JS.API.>": "$JS.hub.API.>" }
leafnodes { remotes: [ { url: "nats://127.0.0.1:${leaves}" } ] }
`;
  await writeFile(dir.join("hub.conf"), hubConfig);
  await writeFile(dir.join("leaf.conf"), leafConfig);
  const natsServer = await testNatsServer();
  await using hubServer = await startChild(natsServer, ["-c", dir.join("hub.conf")], {});
  await waitFor(() => hubServer.stderr.includes("Server is ready"), { what: "the hub" });
  await using leafServer = await startChild(natsServer, ["-c", dir.join("leaf.conf")], {});
  await waitFor(() => leafServer.stderr.includes("Leafnode connection created"), {
    what: "the leaf's connection",
  });

  await using serve = await startServe({ args: ["--nats-url", `nats://127.0.0.1:${hub}`] });
  const [command, ...args] = cliaiCommand();
  const env = { ...process.env, AGENT_ID: "remote", NATS_URL: `nats://127.0.0.1:${leaf}` };
  await using bridge = await startChild(command, [...args, "bridge"], { env });
  const online = async () => {
    const response = await serve.fetch("/api/agents/remote");
    const agent = (await response.json()) as { axes?: { link: { value: string } } };
    return agent.axes?.link.value === "online";
  };
  await waitFor(online, { what: "the agent is online", deadlineMs: 15_000, saw: () => bridge.stderr });
  const sent = await serve.run(["send", "stop", "remote", "--json"]);
  expect(sent).toMatchObject({ code: 0, stdout: expect.stringContaining('"state":"delivered"') });
  expect(await bridge.exit()).toMatchObject({ code: 0 });
});
