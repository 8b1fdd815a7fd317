// A remote host's agents by a leaf node, as docs/cluster.md sets it up: a bridge on the leaf is an agent like any other.
import { expect, test } from "bun:test";
import { startChild } from "../support/child.ts";
import { cliaiCommand, startServe } from "../support/cliai.ts";
import { startNatsLeaf } from "../support/nats-leaf.ts";
import { waitFor } from "../support/wait-for.ts";

test("a bridge on a leaf node shows in the fleet and takes its orders", async () => {
  await using nats = await startNatsLeaf();
  await using serve = await startServe({ args: ["--nats-url", nats.hubUrl] });
  const [command, ...args] = cliaiCommand();
  const env = { ...process.env, AGENT_ID: "remote", NATS_URL: nats.leafUrl };
  await using bridge = await startChild(command, [...args, "bridge"], { env });
  const online = async () => {
    const response = await serve.fetch("/api/agents/remote");
    const agent = (await response.json()) as { axes?: { link: { value: string } } };
    return agent.axes?.link.value === "online";
  };
  await waitFor(online, { what: "the agent is online", saw: () => bridge.stderr });
  const sent = await serve.run(["send", "stop", "remote", "--json"]);
  expect(sent).toMatchObject({ code: 0, stdout: expect.stringContaining('"state":"delivered"') });
  expect(await bridge.exit()).toMatchObject({ code: 0 });
});
