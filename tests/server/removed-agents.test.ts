// An agent is removed, and another one has its name: what is sent to that one under an id of before is its own.
import { describe, expect, test } from "bun:test";
import { agentSubject, buckets, streams } from "../../src/domain/wire/subjects.ts";
import { openExistingBucket } from "../../src/nats/jetstream/bucket.ts";
import { removeBridge } from "../../src/nats/jetstream/consumers.ts";
import { noteRemoval } from "../../src/server/removed-agents.ts";
import { readTranscript, type TranscriptQuery } from "../../src/server/transcripts/transcripts.ts";
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
  test("a transcript is that of one agent: a new agent of the same name has none of a removed one's entries", async () => {
    await using run = await startTestServer();
    const first = await startAgent(run, run.bus, "ada");
    const store = async (entry_id: string) => {
      const body = { kind: "answer", entry_id, text: entry_id };
      return (await run.bus.publishStored(agentSubject(first.id, "transcript"), body)).seq;
    };
    for (const id of ["old-1", "old-2", "old-3"]) await store(id);
    const { transcripts } = run.server;
    const idsOf = async (query: Partial<TranscriptQuery> = {}) => {
      const { entries, has_older } = await transcripts.read(first.id, { limit: 10, ...query });
      return { ids: entries.map(({ entry_id }) => entry_id), has_older };
    };
    expect((await idsOf()).ids).toHaveLength(3);
    await remove(run, first);
    const ada = await startAgent(run, run.bus, "ada");
    const heard: string[] = [];
    const stop = transcripts.follow(ada.id, 0, ({ entry_id }) => heard.push(entry_id));
    expect(await idsOf()).toEqual({ ids: [], has_older: false });
    const seq = await store("new-1");
    const asked = [{}, { after: 0 }, { after: seq - 2 }, { sinceMs: 0 }, { before: seq + 1 }, { limit: 1 }];
    for (const query of asked) expect(await idsOf(query)).toEqual({ ids: ["new-1"], has_older: false });
    expect((await idsOf({ before: seq })).ids).toEqual([]);
    await waitFor(() => heard.length > 0, { what: "the new entry" });
    expect(heard).toEqual(["new-1"]);
    stop();
  });

  test("the entries of a stream that was made anew are not a removed agent's", async () => {
    await using run = await startTestServer();
    const ada = await startAgent(run, run.bus, "ada");
    const store = () =>
      run.bus.publishStored(agentSubject(ada.id, "transcript"), { kind: "answer", entry_id: "a" });
    await store();
    await remove(run, ada);
    const manager = await run.bus.connection.jetstreamManager();
    const { config } = await manager.streams.info(streams.transcripts);
    await manager.streams.delete(streams.transcripts);
    await manager.streams.add(config);
    await store();
    expect((await readTranscript(run.bus, ada.id, { limit: 10 })).entries).toHaveLength(1);
  });

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
