// Rows that have left a screen, from hosts that answer slowly, with too much, or with what nobody asked for.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type AgentId, parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../../src/log.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { type OlderLimits, readOlder } from "../../../src/server/screens/older-rows.ts";
import { pause } from "../../../src/waiting.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";

let server: TestServer;
let agents: Bus;
beforeAll(async () => {
  server = await startTestServer();
  agents = await server.nats.bus("agents");
});
afterAll(() => server[Symbol.asyncDispose]());

interface Asked {
  readonly from: number;
  readonly count: number;
}
type Answer = (asked: Asked) => { readonly from: number; readonly count: number; readonly text?: string };

const limits: OlderLimits = { answerWithinMs: 20_000, allWithinMs: 20_000, mostBytes: 1_000_000 };
const honest: Answer = (asked) => asked;

/** A host that keeps the rows 1,000 to 1,500 above its screen. It answers fifty times, so that no fault can last for ever. */
async function hostOf(name: string, answer: Answer, delayMs = 0) {
  const id: AgentId = parseAgentId(name);
  const asks: Asked[] = [];
  let hasEnded = false;
  const above = { from: 1_000, to: 1_500 };
  const say = (message: object) =>
    agents.publish(`agent.${name}.screen`, { agent_id: name, above, ...message });
  const frame = { kind: "frame", seq: 1, columns: 30, rows: 4, whole: true, lines: [], has_window: false };
  const stop = agents.subscribe(`agent.${name}.watch`, async ({ data }) => {
    const { viewer, whole, older } = JSON.parse(new TextDecoder().decode(data));
    if (whole === true) say({ ...frame, timestamp: new Date().toISOString() });
    if (older === undefined || asks.length === 50) return;
    asks.push(older);
    await pause(delayMs);
    if (hasEnded) return;
    const { from, count, text = "row" } = answer(older);
    const lines = Array.from({ length: count }, (_, place) => [{ text: `${text} ${from + place}` }]);
    say({ kind: "older", viewer, from, lines });
  });
  await agents.flush();
  const read = (count: number, changed: Partial<OlderLimits> = {}) =>
    readOlder(server.bus, id, count, silentLogger, { ...limits, ...changed });
  return {
    asks,
    read,
    [Symbol.dispose]() {
      hasEnded = true;
      stop();
    },
  };
}

test("readOlder() asks in pieces for the rows nearest to the screen, also from a host that sends fewer at once", async () => {
  using host = await hostOf("ada", honest);
  const all = await host.read(450);
  expect(host.asks).toEqual([
    { from: 1_050, count: 200 },
    { from: 1_250, count: 200 },
    { from: 1_450, count: 50 },
  ]);
  expect([all?.from, all?.lines.length, all?.lines.at(-1)]).toEqual([1_050, 450, [{ text: "row 1499" }]]);
  using slow = await hostOf("bea", ({ from }) => ({ from, count: 1 }));
  expect((await slow.read(3))?.lines).toEqual([
    [{ text: "row 1497" }],
    [{ text: "row 1498" }],
    [{ text: "row 1499" }],
  ]);
  // Those before were dropped while they were asked for.
  using dropping = await hostOf("cleo", ({ from, count }) => ({ from: from + 1, count: count - 1 }));
  expect(await dropping.read(3)).toMatchObject({ from: 1_498, lines: [{}, {}] });
});

test.each<[string, Answer]>([
  ["rows before those asked for", () => ({ from: 0, count: 1 })],
  ["one row after the other, all before those asked for", ({ from }) => ({ from: from - 1, count: 1 })],
  ["more rows than asked for", ({ from, count }) => ({ from, count: count + 1 })],
  ["rows behind those asked for", ({ from, count }) => ({ from: from + 1, count })],
])("readOlder() refuses %s at the first answer", async (_, answer) => {
  using host = await hostOf(`eve-${crypto.randomUUID().slice(0, 8)}`, answer);
  expect(await host.read(100)).toBeUndefined();
  expect(host.asks).toHaveLength(1);
});

test("readOlder() refuses more bytes than all rows together can have", async () => {
  using host = await hostOf("fay", ({ from }) => ({ from, count: 1, text: "x".repeat(9_000) }));
  expect(await host.read(100, { mostBytes: 20_000 })).toBeUndefined();
  expect(host.asks).toHaveLength(3);
});

test("readOlder() has one deadline for all pieces, whatever the host does within that of each", async () => {
  using host = await hostOf("gil", ({ from }) => ({ from, count: 1 }), 50);
  expect(await host.read(40, { allWithinMs: 500 })).toBeUndefined();
  expect(host.asks.length).toBeLessThan(40);
});
