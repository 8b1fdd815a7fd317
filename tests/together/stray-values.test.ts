// What lands in a bucket or on an order's subject and was written by no serve: an acknowledgement or an empty status that
// somebody had sent there. It is none of what it stands in the place of, and changes nothing.
import { describe, expect, test } from "bun:test";
import { ada } from "../support/agents.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";

const strays = [
  ["an acknowledgement", '{"stream":"AUDIT","seq":7}'],
  ["an empty status", ""],
  ["no JSON", "+ACK"],
  ["an answer", '{"request_id":"r-1","success":true,"result":[]}'],
] as const;

async function withAda(run: TestServer): Promise<void> {
  const bus = await run.nats.bus();
  bus.publish("agent.ada.heartbeat", { config_name: "Snake", status: "working", interval_s: 60 });
  await waitFor(() => run.server.fleet.get(ada), { what: "ada" });
  await run.server.sendCommand({ id: ada, type: "task", text: "dig", from: "eve", command_id: "c-1" });
  await waitFor(() => run.server.fleet.get(ada)?.commands.length === 1, { what: "the task" });
}

/** The last value of a key of a bucket, as it is stored. */
async function stored(run: TestServer, bucket: string, key: string): Promise<string> {
  const manager = await (await run.nats.bus()).connection.jetstreamManager();
  const message = await manager.streams.getMessage(`KV_${bucket}`, { last_by_subj: `$KV.${bucket}.${key}` });
  return message.string();
}

async function publishRaw(run: TestServer, subject: string, text: string): Promise<void> {
  const { connection } = await run.nats.bus();
  connection.publish(subject, text);
  await connection.flush();
}

describe.each(strays)("%s", (_, text) => {
  test("in the place of an agent's record neither removes the agent nor stays there", async () => {
    await using run = await startTestServer();
    await withAda(run);
    await waitFor(() => stored(run, "agents", "ada"), { what: "the record" });
    await publishRaw(run, "$KV.agents.ada", text);
    await waitFor(async () => (await stored(run, "agents", "ada")).includes('"config_name":"Snake"'), {
      what: "the record is back",
    });
    expect(run.server.fleet.get(ada)).toMatchObject({
      config_name: "Snake",
      commands: [{ command_id: "c-1" }],
    });
  });

  test("in the place of the lease, the cursor, a hold, an alert and a record stops no later start", async () => {
    await using run = await startTestServer();
    await withAda(run);
    const { server } = await run.restart(async () => {
      for (const key of ["serve.lease", "serve.cursor", "serve.hold.ada", "serve.alert.silent", "agents.bob"])
        await publishRaw(run, `$KV.${key}`, text);
    });
    expect(server.fleet.get(ada)).toMatchObject({ commands: [{ command_id: "c-1" }] });
    expect(server.fleet.list().map(({ agent_id }) => agent_id)).toEqual([ada]);
    expect(server.alerts.open()).toEqual([]);
    // It leads: what only the leader writes is written.
    await waitFor(async () => (await stored(run, "serve", "lease")).includes('"instance"'), {
      what: "the lease",
    });
    await server.stop();
  });

  test("in the place of a request neither removes nor decides it, nor stays there", async () => {
    await using run = await startTestServer();
    const asked_at = new Date().toISOString();
    const facts = { kind: "question", question: "which?", on_expiry: "expire", state: "asked" } as const;
    const request = { request_id: "q-1", agent_id: ada, asked_at, ...facts };
    await publishRaw(run, "$KV.requests.q-1", JSON.stringify(request));
    await waitFor(() => run.server.requests.get("q-1"), { what: "the request" });
    await publishRaw(run, "$KV.requests.q-1", text);
    await waitFor(async () => (await stored(run, "requests", "q-1")).includes("which?"), {
      what: "the request is back",
    });
    await run.server.requests.answer("q-1", { text: "this" }, "eve");
    expect(run.server.requests.get("q-1")).toMatchObject({ state: "answered" });
  });

  test("on an agent's orders is no order", async () => {
    await using run = await startTestServer();
    await withAda(run);
    for (const topic of ["command", "shutdown", "message"]) await publishRaw(run, `agent.ada.${topic}`, text);
    await waitFor(() => run.server.health().malformed === 3, { what: "three are refused" });
    expect(run.server.fleet.get(ada)?.commands).toHaveLength(1);
  });
});
