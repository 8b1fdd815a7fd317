// Two serves over three nats-servers, as processes: what they share, and what is left when one of each is killed.
import { expect, test } from "bun:test";
import { type ShownAgent, startBridge } from "../support/bridges.ts";
import { type RunningServe, runCliai, startServe } from "../support/cliai.ts";
import { startTestNats } from "../support/nats.ts";
import { type NatsCluster, type NatsNode, startNatsCluster } from "../support/nats-cluster.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const ids = ["ada", "ben"];

const joinCluster = (cluster: NatsCluster) =>
  startServe({ args: ["--nats-url", cluster.url, "--replicas", "3"] });

async function isReady(serve: RunningServe): Promise<boolean> {
  return (await fetch(`${serve.url}/readyz`)).ok;
}

/** What it says of each agent: without the moments, which two serves take by themselves until one has written them down. */
async function fleetOf(serve: RunningServe): Promise<string> {
  const fleet = (await (await serve.fetch("/api/agents")).json()) as ShownAgent[];
  return fleet
    .map(({ agent_id, status, axes, commands }) => {
      const states = commands.map(({ summary, receipts }) => `${summary} ${receipts.at(-1)?.state}`);
      return `${agent_id} ${axes.link.value} ${status}: ${states.join(", ")}`;
    })
    .join("; ");
}

/** Both say of every agent that it is online, and the same of it otherwise. */
async function agree(one: RunningServe, two: RunningServe): Promise<void> {
  const fleets = () => Promise.all([one, two].map(fleetOf));
  await waitFor(
    async () => {
      const [a, b] = await fleets();
      return a === b && ids.every((id) => a?.includes(`${id} online`));
    },
    { what: "both show the same fleet, online", saw: fleets },
  );
}

/** Sends a task to each agent, and waits until its bridge has it. */
async function commandEach(serve: RunningServe, text: string): Promise<void> {
  const args = (id: string) => ["send", "task", id, text, "--json", "--timeout", "80"];
  const sent = await Promise.all(ids.map((id) => serve.run(args(id))));
  for (const { code, stdout, stderr } of sent) {
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain('"state":"delivered"');
  }
}

async function nodeOf(cluster: NatsCluster, connection: string): Promise<NatsNode> {
  for (const node of cluster.nodes.filter((each) => each.isRunning()))
    if ((await node.connections()).some((name) => name.startsWith(connection))) return node;
  throw new Error(`no node has the connection ${connection}`);
}

test("a node and a serve are killed: the others go on, agree, and have lost nothing", async () => {
  await using cluster = await startNatsCluster();
  await using one = await joinCluster(cluster);
  await using two = await joinCluster(cluster);
  await using _ada = await startBridge(one, "ada");
  await using _ben = await startBridge(two, "ben");
  await commandEach(one, "first");
  await agree(one, two);

  const bus = await cluster.bus();
  const node = await nodeOf(cluster, "cliai bridge ada");
  await node.kill();
  await waitFor(async () => (await nodeOf(cluster, "cliai bridge ada")) !== node, {
    what: "the bridge has moved over",
    saw: () => Promise.all(cluster.nodes.map((each) => each.connections().catch(String))),
  });
  await agree(one, two);
  await commandEach(two, "second");
  await waitFor(async () => (await isReady(one)) && (await isReady(two)), { what: "both are ready" });

  one.child.kill("SIGKILL");
  await one.child.exit();
  await commandEach(two, "third");
  const answer = await bus.request(
    "tools.call.ada",
    { tool: "list_agents", arguments: {} },
    { timeoutMs: 60_000 },
  );
  expect(new TextDecoder().decode(answer)).toContain('"success":true');
  const state = Promise.withResolvers<boolean>();
  bus.subscribe("dashboard.state", () => state.resolve(true));
  await waitFor(() => state.promise, { what: "the other serve publishes the state" });
  const inOrder = "first delivered, second delivered, third delivered";
  await waitFor(async () => (await fleetOf(two)).split(inOrder).length === ids.length + 1, {
    what: "every command, in order, with its receipt",
    saw: () => fleetOf(two),
  });
});

test("more copies than there are servers are refused, with or without a cluster", async () => {
  await using dir = await tempDir();
  const alone = await runCliai(["serve", "--replicas", "3", "--port", "0", "--data-dir", dir.join("a")]);
  expect(alone.code).toBe(2);
  expect(alone.stderr).toContain("replicas 3 is set without nats_url");
  await using nats = await startTestNats();
  const joined = await runCliai([
    "serve",
    "--replicas",
    "3",
    "--nats-url",
    nats.url,
    "--port",
    "0",
    "--data-dir",
    dir.join("b"),
  ]);
  expect(joined.code).toBe(2);
  expect(joined.stderr).toContain("keeps no copies");
});
