// Each mistake of a program is found, and nothing else is reported as missing.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { runChecks } from "../../../src/cli/conformance/checks.ts";
import { checkConnection } from "../../../src/cli/conformance/connection.ts";
import type { Finding } from "../../../src/cli/conformance/finding.ts";
import { checkGoodbye } from "../../../src/cli/conformance/goodbye.ts";
import { startHearing } from "../../../src/cli/conformance/hearing.ts";
import { checkHeartbeats } from "../../../src/cli/conformance/heartbeats.ts";
import { checkForeignRun, checkPause } from "../../../src/cli/conformance/pauses.ts";
import { checkReports } from "../../../src/cli/conformance/reports.ts";
import { createStage, type Stage } from "../../../src/cli/conformance/stage.ts";
import { checkExpired, checkRepetition, checkTask } from "../../../src/cli/conformance/tasks.ts";
import { createFleetReader } from "../../../src/cli/fleet/fleet-reading.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { until } from "../../support/wait-for.ts";
import { type Mistake, startProgram } from "./program.ts";

type Check = (stage: Stage) => Promise<readonly Finding[]>;

const heartbeats: Check = checkHeartbeats;
const connection: Check = async (stage) => [
  await checkConnection(stage, { hearsConnections: true, hasEnded: true }),
];
const task: Check = async (stage) => (await checkTask(stage)).findings;
const repeatedTask: Check = async (stage) => [await checkRepetition(stage, (await checkTask(stage)).task)];
const expired: Check = async (stage) => [await checkExpired(stage)];
const pauses: Check = (stage) => checkPause(stage, () => undefined);
const foreign: Check = async (stage) => [await checkForeignRun(stage, () => undefined)];
const reports: Check = async (stage) => {
  await checkTask(stage);
  return checkReports(stage);
};

/** How long a check waits for the program: long, because the machine may be busy; short where the mistake lets the check wait in vain. */
const longMs = 60_000;
const shortMs = 10_000;

/** A mistake, the check that looks for it, what is missing then, and how long the check waits. */
const cases: readonly (readonly [Mistake, Check, readonly string[], number?])[] = [
  ["one heartbeat", heartbeats, ["heartbeats: one every interval_s"]],
  ["few fields", heartbeats, ["heartbeats: fields", "heartbeats: seq rises"]],
  ["same seq", heartbeats, ["heartbeats: seq rises"]],
  ["no name", connection, ["connection: named after the run"], shortMs],
  ["no delivered", task, ["task: its receipts", "task: delivered is stored before the acknowledgement"]],
  ["no seen", task, ["task: its receipts"]],
  ["never done", task, ["task: its receipts"], shortMs],
  ["no token", task, ["task: its token in each receipt"]],
  ["no run", task, ["task: the run that has it"]],
  [
    "no acknowledgement",
    task,
    ["task: acknowledged to JetStream", "task: delivered is stored before the acknowledgement"],
    shortMs,
  ],
  ["acknowledges first", task, ["task: delivered is stored before the acknowledgement"]],
  ["says nothing", task, ["task: the status says working"]],
  ["does a task again", repeatedTask, ["task: a repeated task is not done again"]],
  ["pauses again", pauses, ["pause: a repeated pause is not obeyed again"], shortMs],
  ["begins expired", expired, ["task: an expired task is not begun"]],
  ["leaves expired to serve", expired, ["task: an expired task is not begun"]],
  ["works on", pauses, ["pause: holds the work"]],
  ["silent pause", pauses, ["pause: the status says paused", "pause: heartbeats go on"]],
  ["never applied", pauses, ["pause: its receipts", "resume: its receipts"], shortMs],
  ["never resumes", pauses, ["resume: its receipts", "resume: the task that waited is done"], shortMs],
  ["obeys any run", foreign, ["pause: a pause for another run is not obeyed"]],
  ["hides a pause of another run", foreign, ["pause: a pause for another run is not obeyed"], shortMs],
  ["stays", checkGoodbye, ["stop: its receipts", "goodbye: the status says stopped"], shortMs],
  ["goodbye without run", checkGoodbye, ["goodbye: names its run"]],
  ["goodbye first", checkGoodbye, ["goodbye: after the receipt"]],
  ["beats after goodbye", checkGoodbye, ["goodbye: nothing comes after it"]],
  ["broken event", reports, ["messages: serve understands each"]],
  ["unknown tool", reports, ["tools: each call is carried out"]],
  ["no request_id", reports, ["tools: each call has a request_id"]],
];

let fleet: TestServer;
beforeAll(async () => {
  fleet = await startTestServer();
});
afterAll(() => fleet[Symbol.asyncDispose]());

/** Runs the checks against a program of its own on the shared server. */
async function findingsOf(
  name: string,
  mistake: Mistake | undefined,
  check: Check,
  timeoutMs = longMs,
): Promise<readonly Finding[]> {
  const id = parseAgentId(name);
  await using parts = new AsyncDisposableStack();
  const bus = await fleet.nats.bus(name);
  const hearing = startHearing(bus, id);
  parts.defer(() => hearing.stop());
  await bus.flush();
  parts.defer(startProgram(bus, id, mistake));
  await until("its first heartbeat is heard", () => hearing.heartbeats.length > 0);
  await until(`${id} is known`, () => fleet.server.fleet.get(id)?.axes.link.value === "online");
  const reader = createFleetReader(bus, { now: () => new Date(), note: () => undefined });
  const from = "operator";
  return await check(
    createStage({ bus, id, hearing, fleet: reader, timeoutMs, from, now: () => new Date() }),
  );
}

/** All checks, with or without the stop at the end. */
function all(isStopAgreed: boolean, hearsConnections: boolean, told: boolean[] = []): Check {
  return async (stage) => {
    const findings: Finding[] = [];
    const report = (...more: readonly Finding[]) => void findings.push(...more);
    const onPaused = (isPaused: boolean) => void told.push(isPaused);
    await runChecks(stage, { isStopAgreed, hearsConnections, onPaused, report });
    return findings;
  };
}

type Program = Parameters<typeof findingsOf>;
/** What the checks of `right` have told of its pauses. */
const told: boolean[] = [];
const right: readonly Program[] = [
  ["right", undefined, all(true, false, told)],
  ["unstopped", "no tool", all(false, true)],
  ["late", "takes orders late", all(false, true)],
];
const wrong = cases.map(([mistake, check, missing, timeoutMs = longMs], index) => ({
  ...{ name: `wrong-${index}`, mistake, check, missing, timeoutMs },
}));

describe("runChecks()", () => {
  const running = new Map<string, Promise<readonly Finding[]>>();
  const found = async (name: string) => (await running.get(name)) ?? [];
  beforeAll(() => {
    // At the same time, because each of them mostly waits.
    const programs = [
      ...right,
      ...wrong.map(({ name, mistake, check, timeoutMs }): Program => [name, mistake, check, timeoutMs]),
    ];
    for (const program of programs) {
      const [name] = program;
      const findings = findingsOf(...program);
      findings.catch(() => undefined); // awaited by its test
      running.set(name, findings);
    }
  });

  test("finds nothing missing in a program that keeps the protocol", async () => {
    const findings = await found("right");
    expect(findings.length).toBeGreaterThan(20);
    // Only nats-server's system account tells of connections, and this server has none.
    expect(findings.filter(({ result }) => result !== "holds")).toEqual([
      expect.objectContaining({ check: "connection: named after the run", result: "untried" }),
    ]);
    expect(new Set(findings.map(({ check }) => check)).size).toBe(findings.length);
    expect(told).toEqual([true, false, true, false]);
  });

  test("waits for a program that has just started, and reads its inbox before it takes orders", async () => {
    expect((await found("late")).filter(({ result }) => result === "missing")).toEqual([]);
  });

  test("sends no stop without consent, and says what it could not see", async () => {
    const others = (await found("unstopped")).filter(({ result }) => result !== "holds");
    expect(others.map(({ check, result }) => `${result}: ${check}`)).toEqual([
      "untried: stop and goodbye",
      "untried: connection: named after the run",
    ]);
    expect(fleet.server.fleet.get(parseAgentId("unstopped"))?.commands.map(({ type }) => type)).not.toContain(
      "stop",
    );
  });

  test.each(wrong.filter(({ check }) => check === foreign))(
    "lets a program go that $mistake",
    async ({ name }) => {
      await found(name);
      const orders = fleet.server.fleet.get(parseAgentId(name))?.commands.map(({ type }) => type);
      expect(orders).toEqual(["pause", "resume"]);
    },
  );

  test.each(wrong)("finds $mistake, and nothing else: $missing", async ({ name, missing }) => {
    const findings = (await found(name)).filter(({ result }) => result === "missing");
    expect(findings.map(({ check }) => check)).toEqual([...missing]);
    expect(findings.filter(({ evidence, hint = "" }) => evidence === "" || hint === "")).toEqual([]);
  });
});
