import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { agentSubject } from "../../src/domain/wire/subjects.ts";
import { ensureBridgeConsumer } from "../../src/nats/jetstream/consumers.ts";
import { ensureStreams } from "../../src/nats/jetstream/streams.ts";
import { answerCalls, type Heard, listenTo, startTestBridge, textOf } from "../bridge/bridge-fixture.ts";
import { type Child, startChild } from "../support/child.ts";
import { denoPath } from "../support/deno.ts";
import { startTestNats } from "../support/nats.ts";
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

/** Starts the program and waits until it serves its client and is connected to NATS. */
async function startProgram(
  [, command, args]: (typeof runtimes)[number],
  url: string,
  heard?: Heard,
): Promise<Child> {
  const child = await startChild(command, [...args, url, "ada"], { cwd: root });
  child.write(`${initialize}\n`);
  await child.line('"id":1', { deadlineMs: 10_000 });
  if (heard)
    await waitFor(() => heard.heartbeats.length, { what: "the first heartbeat", deadlineMs: 10_000 });
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
      test(`${how}: one goodbye, within half a second, exit 0, and stdout holds the answers alone`, async () => {
        await using nats = await startTestNats();
        const heard = await listenTo(await nats.bus(), "ada");
        await using child = await startProgram(runtime, nats.url, heard);
        const startedAt = performance.now();
        end(child);
        const { code, stdout, stderr } = await child.exit();
        expect(performance.now() - startedAt).toBeLessThan(500);
        expect(code).toBe(0);
        expect(stderr).toContain(`ended by ${reason}`);
        expect(stdout.trim().split("\n").length).toBe(1);
        await waitFor(() => heard.statuses.length, { what: "the goodbye" });
        expect(heard.statuses).toMatchObject([
          { status: "disconnected", message: reason, instance_id: heard.heartbeats[0]?.instance_id },
        ]);
      }, 20_000);
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
    }, 20_000);

    test("with NATS away it ends at once", async () => {
      await using child = await startProgram(runtime, nowhere);
      const startedAt = performance.now();
      child.kill("SIGINT");
      const { code } = await child.exit();
      expect(performance.now() - startedAt).toBeLessThan(400);
      expect(code).toBe(0);
    }, 20_000);
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

  test("a signal does not wait for a call whose client has closed its input", async () => {
    await using nats = await startTestNats();
    const bus = await nats.bus();
    const server = await answerCalls(bus, () => undefined);
    await using test = startTestBridge({ url: nats.url });
    test.write(initialize);
    test.write(
      '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"check_inbox","arguments":{}}}',
    );
    await waitFor(() => server.calls.length, { what: "the call" });
    test.stdin.end();
    await waitFor(() => test.logged.includes("info ending: stdin closed"), { what: "the end of the input" });
    const startedAt = performance.now();
    await test.bridge.shutdown("signal");
    await test.bridge.ended;
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  test("a call that was cancelled holds up nothing", async () => {
    await using nats = await startTestNats();
    const server = await answerCalls(await nats.bus(), () => undefined);
    await using test = startTestBridge({ url: nats.url });
    test.write(initialize);
    test.write(
      '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"check_inbox","arguments":{}}}',
    );
    await waitFor(() => server.calls.length, { what: "the call" });
    const startedAt = performance.now();
    test.stdin.end('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}\n');
    expect(await test.bridge.ended).toBe("stdin closed");
    expect(performance.now() - startedAt).toBeLessThan(700);
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
    await using test = startTestBridge({ url: nats.url });
    await waitFor(() => heard.heartbeats.length, { what: "the bridge" });
    const pid = nats.server.pid() ?? 0;
    process.kill(pid, "SIGSTOP");
    try {
      const startedAt = performance.now();
      await test.bridge.shutdown("signal");
      expect(performance.now() - startedAt).toBeLessThan(500);
    } finally {
      process.kill(pid, "SIGCONT");
    }
  });
});
