import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { goodbyeWithinMs } from "../../src/bridge/agent-side.ts";
import { lastAnswersWithinMs } from "../../src/bridge/bridge.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { agentSubject } from "../../src/domain/wire/subjects.ts";
import { ensureBridgeConsumer } from "../../src/nats/jetstream/consumers.ts";
import { ensureStreams } from "../../src/nats/jetstream/streams.ts";
import {
  answerCalls,
  type Heard,
  listenTo,
  startTestBridge,
  type TestBridge,
  textOf,
} from "../support/bridge-fixture.ts";
import { type Child, startChild } from "../support/child.ts";
import { denoPath } from "../support/deno.ts";
import { startTestNats } from "../support/nats.ts";
import { leastRatio, msOf } from "../support/quickest.ts";
import { waitFor } from "../support/wait-for.ts";

const nowhere = "nats://127.0.0.1:9";
const root = join(import.meta.dirname, "../..");
const program = join(import.meta.dirname, "..", "bridge", "bridge-program.ts");
const runtimes: readonly (readonly [string, string, readonly string[]])[] = [
  ["Bun", process.execPath, [program]],
  ["Deno", denoPath(), ["run", "-A", program]],
];
const initialize = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
});

/** MCP clients kill a server that does not end within half a second. Measured: the end takes a tenth of the start. */
const mostStarts = 0.7;

/** Starts the program and waits until it serves its client and is connected to NATS. */
async function startProgram(
  [, command, args]: (typeof runtimes)[number],
  url: string,
  heard?: Heard,
): Promise<Child> {
  const child = await startChild(command, [...args, url, "ada"], { cwd: root });
  child.write(`${initialize}\n`);
  await child.line('"id":1');
  if (heard) await waitFor(() => heard.heartbeats.length, { what: "the first heartbeat" });
  return child;
}

for (const runtime of runtimes) {
  describe(`the end of a bridge under ${runtime[0]}`, () => {
    const ends: readonly (readonly [string, string, (child: Child) => void])[] = [
      ["SIGINT", "signal", (child) => child.kill("SIGINT")],
      ["SIGTERM", "signal", (child) => child.kill("SIGTERM")],
      [
        "SIGINT and SIGTERM at once",
        "signal",
        (child) => {
          child.kill("SIGINT");
          child.kill("SIGTERM");
        },
      ],
      ["the end of its input", "stdin closed", (child) => child.endInput()],
    ];
    for (const [how, reason, end] of ends) {
      test(`${how}: one goodbye, sooner than it started, exit 0, and stdout holds the answers alone`, async () => {
        await using nats = await startTestNats();
        const bus = await nats.bus();
        const ratio = await leastRatio(mostStarts, async () => {
          const heard = await listenTo(bus, "ada");
          const startedMs = performance.now();
          await using child = await startProgram(runtime, nats.url, heard);
          const endedMs = performance.now();
          end(child);
          const { code, stdout, stderr } = await child.exit();
          const tookMs = performance.now() - endedMs;
          expect(code).toBe(0);
          expect(stderr).toContain(`ended by ${reason}`);
          expect(stdout.trim().split("\n").length).toBe(1);
          await waitFor(() => heard.statuses.length, { what: "the goodbye" });
          expect(heard.statuses).toMatchObject([
            { status: "disconnected", message: reason, instance_id: heard.heartbeats[0]?.instance_id },
          ]);
          return tookMs / (endedMs - startedMs);
        });
        expect(ratio).toBeLessThanOrEqual(mostStarts);
      });
    }

    test("a stop command ends it with exit 0 though its input is open", async () => {
      await using nats = await startTestNats();
      const bus = await nats.bus();
      const ada = parseAgentId("ada");
      await ensureStreams(bus, { replicas: 1 });
      await ensureBridgeConsumer(bus, ada);
      const heard = await listenTo(bus, "ada");
      await using child = await startProgram(runtime, nats.url, heard);
      await bus.publishStored(agentSubject(ada, "command"), { type: "stop", from: "eve" });
      const { code, stderr } = await child.exit();
      expect(code).toBe(0);
      expect(stderr).toContain("ended by stopped");
      expect(heard.statuses.map(({ status }) => status)).toEqual(["stopped"]);
      expect(heard.receipts).toMatchObject([
        { state: "delivered" },
        { state: "applied", detail: "its bridge has ended; without a host, nobody ends its CLI" },
      ]);
    });

    test("with NATS away it ends at once", async () => {
      const ratio = await leastRatio(mostStarts, async () => {
        const startedMs = performance.now();
        await using child = await startProgram(runtime, nowhere);
        const endedMs = performance.now();
        child.kill("SIGINT");
        expect((await child.exit()).code).toBe(0);
        return (performance.now() - endedMs) / (endedMs - startedMs);
      });
      expect(ratio).toBeLessThanOrEqual(mostStarts);
    });
  });
}

describe("sayGoodbye()", () => {
  test("a client that closes its input still gets the answers to what it had asked", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const slow = Promise.withResolvers<void>();
    const server = await answerCalls(bus, async () => {
      await slow.promise;
      return { success: true, result: "noted" };
    });
    const heard = await listenTo(bus, "ada");
    await using test = startTestBridge({ url: nats.url });
    test.write(initialize);
    test.stdin.end(
      '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"log_activity","arguments":{"action":"x"}}}',
    );
    await waitFor(() => server.calls.length, { what: "the call" });
    expect(heard.statuses).toEqual([]);
    slow.resolve();
    expect(await test.bridge.ended).toBe("stdin closed");
    const answer = test.lines.map((line) => JSON.parse(line)).find(({ id }) => id === 2);
    expect(textOf(answer.result)).toBe("noted");
  });

  test.each([
    [
      "a signal does not wait for a call whose client has closed its input",
      async (test: TestBridge) => {
        test.stdin.end();
        await waitFor(() => test.logged.includes("info ending: stdin closed"), { what: "the input's end" });
        return () => test.bridge.shutdown("signal");
      },
    ],
    [
      "a call that was cancelled holds up nothing",
      async (test: TestBridge) => () => {
        const params = { requestId: 2 };
        test.stdin.end(`${JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params })}\n`);
      },
    ],
  ])("%s", async (_, prepare) => {
    await using nats = await startTestNats();
    const server = await answerCalls(await nats.bus(), () => undefined);
    const most = 0.6;
    const ratio = await leastRatio(most, async (time) => {
      await using test = startTestBridge({ url: nats.url });
      test.write(initialize);
      test.write(
        '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"check_inbox","arguments":{}}}',
      );
      await waitFor(() => server.calls.length > time, { what: "the call" });
      const end = await prepare(test);
      const endingMs = await msOf(async () => {
        await end();
        expect(await test.bridge.ended).toBe("stdin closed");
      });
      return endingMs / lastAnswersWithinMs;
    });
    expect(ratio).toBeLessThanOrEqual(most);
  });

  test("a client that reads no more ends the bridge", async () => {
    await using nats = await startTestNats();
    const heard = await listenTo(await nats.bus(), "ada");
    const { PassThrough } = await import("node:stream");
    const stdout = new PassThrough();
    await using test = startTestBridge({ url: nats.url, stdout });
    await waitFor(() => heard.heartbeats.length, { what: "the bridge" });
    stdout.destroy(new Error("EPIPE"));
    expect(await test.bridge.ended).toBe("stdout closed");
    await waitFor(() => heard.statuses.length, { what: "the goodbye" });
    expect(heard.statuses).toMatchObject([{ status: "disconnected" }]);
  });

  test("a nats-server that hangs holds up the goodbye for a third of a second, no longer", async () => {
    await using nats = await startTestNats();
    const heard = await listenTo(await nats.bus(), "ada");
    const most = 2;
    const ratio = await leastRatio(most, async (time) => {
      await using test = startTestBridge({ url: nats.url });
      await waitFor(() => heard.heartbeats.length > time, { what: "the bridge" });
      const pid = nats.server.pid() ?? 0;
      process.kill(pid, "SIGSTOP");
      try {
        return (await msOf(() => test.bridge.shutdown("signal"))) / goodbyeWithinMs;
      } finally {
        process.kill(pid, "SIGCONT");
      }
    });
    expect(ratio).toBeLessThanOrEqual(most);
  });
});
