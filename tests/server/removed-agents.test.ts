// An agent is removed, and another one has its name: what is sent to that one under an id of before is its own.
import { describe, expect, test } from "bun:test";
import { buckets } from "../../src/domain/wire/subjects.ts";
import { openExistingBucket } from "../../src/nats/jetstream/bucket.ts";
import { removeBridge } from "../../src/nats/jetstream/consumers.ts";
import { noteRemoval } from "../../src/server/removed-agents.ts";
import { startAgent, type TestAgent, viewOf } from "../support/agent-fixture.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";

/** As `cliai agents remove` does it. */
async function remove(run: TestServer, agent: TestAgent): Promise<void> {
  await removeBridge(run.bus, agent.id);
  await noteRemoval(run.bus, agent.id, new Date());
  await (await openExistingBucket(run.bus, buckets.agents)).delete(agent.id);
  await waitFor(() => viewOf(run, agent) === undefined, { what: `${agent.id} is forgotten` });
}

const takes = async (agent: TestAgent) => {
  const items = await waitFor(
    async () => {
      const found = await agent.inbox();
      return found.length > 0 && found;
    },
    { what: `something for ${agent.id}` },
  );
  return items.map(({ command_id, message_id }) => command_id ?? message_id);
};

describe("noteRemoval()", () => {
  test("a message under an id of before is stored for the successor, once, and reaches it", async () => {
    await using run = await startTestServer();
    const bob = await startAgent(run, run.bus, "bob");
    const first = await startAgent(run, run.bus, "ada");
    const send = () =>
      bob.result("send_message", { to: "ada", text: "hello" }, { requestId: "the-same-call" });
    const before = await send();
    expect(await takes(first)).toEqual([before.message_id]);
    await remove(run, first);
    const ada = await startAgent(run, run.bus, "ada");
    expect(await send()).toMatchObject({ stored: true, message_id: before.message_id });
    expect(await send()).toMatchObject({ stored: true, message_id: before.message_id });
    expect(await takes(ada)).toEqual([before.message_id]);
    expect(await ada.inbox()).toEqual([]);
  });

  test("a captain's successor is told of a request that its predecessor was told of, once", async () => {
    await using run = await startTestServer();
    const ada = await startAgent(run, run.bus, "ada");
    const first = await startAgent(run, run.bus, "cap", { role: "captain" });
    await ada.result("ask_human", { question: "left or right?", wait_s: 0 });
    const [notice] = await takes(first);
    await remove(run, first);
    const cap = await startAgent(run, run.bus, "cap", { role: "captain" });
    expect(await takes(cap)).toEqual([notice]);
    expect(await cap.inbox()).toEqual([]);
    // The serve that takes over knows that this one was told.
    const second = await run.restart();
    await startAgent(second, second.bus, "cap", { role: "captain" });
    expect(await cap.inbox()).toEqual([]);
    await second.server.stop();
  });
});
