import { expect, test } from "bun:test";
import type { AgentRequest } from "../../../src/domain/requests.ts";
import { type Logger, silentLogger as log } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { openBucket } from "../../../src/nats/jetstream/bucket.ts";
import { readStream } from "../../../src/nats/jetstream/read-stream.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { createTelling } from "../../../src/server/requests/answer-telling.ts";
import { ada } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";
import { until } from "../../support/wait-for.ts";

const at = "2026-05-03T12:00:00.000Z";
const asked: AgentRequest = {
  ...{ request_id: "r1", agent_id: ada, kind: "stop_approval", question: "May it end?" },
  ...{ asked_at: at, on_expiry: "refuse", state: "asked" },
};
const answered: AgentRequest = {
  ...asked,
  ...{ state: "answered", ended_at: at, answer: { by: "ann", at, approved: true, text: "well done" } },
};

async function startTelling(request: AgentRequest, logger: Logger = log) {
  const nats = await startTestNats();
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  const bucket = await openBucket(bus, "requests", { replicas: 1 });
  await bucket.put(request.request_id, request);
  const stored = async () => (await bucket.get(request.request_id)) as AgentRequest | undefined;
  return {
    ...{ nats, bus, bucket, stored },
    tell: createTelling(bus, bucket, () => new Date(at), logger),
    isTold: () => until("it is told", async () => (await stored())?.told_at !== undefined),
  };
}

async function messages(bus: Bus): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { data } of readStream(bus, { stream: "COMMANDS", subjects: ["agent.ada.message"] }))
    found.push(JSON.parse(new TextDecoder().decode(data)));
  return found;
}

test("createTelling() sends a decision to its agent, and marks the request", async () => {
  const { nats, bus, tell, isTold, stored } = await startTelling(answered);
  await using _ = nats;
  tell(answered);
  await isTold();
  expect(await messages(bus)).toMatchObject([
    {
      ...{
        message_id: "answer-r1",
        kind: "answer",
        request_id: "r1",
        from: "ann",
        to: "ada",
        approved: true,
      },
      ...{ token: expect.any(String), text: expect.stringContaining("well done") },
    },
  ]);
  expect(await stored()).toEqual({ ...answered, told_at: at });
});

test("createTelling() sends a decision once: called again, by another serve, and after a crash between message and mark", async () => {
  const { nats, bus, bucket, tell, isTold } = await startTelling(answered);
  await using _ = nats;
  for (let n = 0; n < 3; n += 1) tell(answered);
  await isTold();
  const ofAnother = createTelling(bus, bucket, () => new Date(at), log);
  await bucket.put("r1", answered);
  ofAnother(answered);
  await isTold();
  expect(await messages(bus)).toHaveLength(1);
  const { revision } = (await bucket.entry("r1")) ?? {};
  const next = { ...answered, request_id: "r2" };
  await bucket.put("r2", next);
  tell({ ...answered, told_at: at });
  tell(next);
  await until("the next is told", async () => (await messages(bus)).length === 2);
  expect((await bucket.entry("r1"))?.revision).toBe(revision as number);
});

test("createTelling() tells what the policy made of a request that nobody answered", async () => {
  const expired: AgentRequest = { ...asked, state: "expired", ended_at: at };
  const { nats, bus, tell, isTold } = await startTelling(expired);
  await using _ = nats;
  tell(expired);
  await isTold();
  const [message] = await messages(bus);
  expect(message).toMatchObject({ from: "policy", kind: "answer" });
  expect(message).not.toHaveProperty("approved");
});

test.each(["asked", "withdrawn"] as const)(
  "createTelling() tells nothing of a request that is %s",
  async (state) => {
    const { nats, bus, bucket, tell } = await startTelling({ ...asked, state });
    await using _ = nats;
    const next = { ...answered, request_id: "r2" };
    await bucket.put("r2", next);
    tell({ ...asked, state });
    tell(next);
    const isMarked = async () => ((await bucket.get("r2")) as AgentRequest).told_at !== undefined;
    await until("the next is told", isMarked);
    expect(await messages(bus)).toMatchObject([{ request_id: "r2" }]);
  },
);

test("createTelling() tries again when it is called again after a failure", async () => {
  const said: string[] = [];
  const { nats, bus, tell, isTold } = await startTelling(answered, {
    ...log,
    debug: (line) => said.push(line),
  });
  await using _ = nats;
  const manager = await bus.connection.jetstreamManager();
  await manager.streams.delete("AUDIT");
  await manager.streams.delete("COMMANDS");
  tell(answered);
  await until("the failure", () => said.length > 0);
  await ensureStreams(bus, { replicas: 1 });
  tell(answered);
  await isTold();
  expect(await messages(bus)).toHaveLength(1);
});
