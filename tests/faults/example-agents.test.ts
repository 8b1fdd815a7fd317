// The programs of configs/examples: an acknowledgement whose answer is lost with the connection, orders that cannot be read, and a pause that
// comes while the inbox is read; and a stop after answers to a fetch that came late.

import { expect, setDefaultTimeout, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { headers } from "nats";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { agentSubject, streams, toolCallSubject } from "../../src/domain/wire/subjects.ts";
import { readStream } from "../../src/nats/jetstream/read-stream.ts";
import { storeCommand } from "../../src/server/send-command.ts";
import { runBesidePythonAgent, startGoAgent, startPythonAgent } from "../support/example-agents.ts";
import { startTestServer } from "../support/test-server.ts";
import { stays, waitFor } from "../support/wait-for.ts";

setDefaultTimeout(500_000); // the first time, one of the examples is compiled

interface LossyProxy extends AsyncDisposable {
  readonly url: string;
  /** Whether a connection was closed. */
  hasLost(): boolean;
}

/** Passes connections on to nats-server. It closes the one over which the first acknowledgement comes, which it passes on; its answer is lost. */
async function startLossyProxy(natsUrl: string): Promise<LossyProxy> {
  const sockets = new Set<Socket>();
  let hasLost = false;
  const server = createServer((near) => {
    const far = connect(Number(new URL(natsUrl).port), "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined); // its close follows
      socket.once("close", () => sockets.delete(socket));
    }
    near.once("close", () => far.end());
    far.once("close", () => near.destroy());
    far.pipe(near);
    near.on("data", (data) => {
      far.write(data);
      if (hasLost || !data.includes("$JS.ACK.")) return;
      hasLost = true;
      far.unpipe(near).resume();
      near.destroy();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hasLost: () => hasLost,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const examples = [
  ["python", startPythonAgent],
  ["go", startGoAgent],
] as const;

test.each(examples)(
  "the example in %s obeys an order whose acknowledgement got no answer, and goes on after one that it cannot read",
  async (name, start) => {
    await using run = await startTestServer();
    await using proxy = await startLossyProxy(run.nats.url);
    const id = parseAgentId(name);
    await using program = await start({ AGENT_ID: name, NATS_URL: proxy.url, HEARTBEAT_S: "0.5" });
    const saw = () => program.stdout + program.stderr;
    const until = (what: string, check: () => boolean | Promise<boolean>) => waitFor(check, { what, saw });
    const states = async (commandId: string) => {
      const found: string[] = [];
      const subjects = [agentSubject(id, "receipt")];
      for await (const { data } of readStream(run.bus, { stream: streams.audit, subjects })) {
        const { command_id, state } = JSON.parse(new TextDecoder().decode(data));
        if (command_id === commandId) found.push(state);
      }
      return found;
    };
    const send = (type: "pause" | "resume", command_id: string) =>
      storeCommand(run.bus, { id, type, from: "operator", command_id }, new Date());

    await until("it is idle", () => run.server.fleet.get(id)?.status === "idle");
    await send("pause", "p-1");
    await until("the pause is applied", async () => (await states("p-1")).includes("applied"));
    expect(proxy.hasLost()).toBe(true);
    expect(await states("p-1")).toEqual(["delivered", "applied"]);

    const unreadable = { type: "pause", command_id: "p-2", expires_at: "soon" };
    await run.bus.publishStored(agentSubject(id, "command"), unreadable);
    await until("the order has failed", async () => (await states("p-2")).includes("failed"));
    await send("resume", "r-1");
    await until("the resume is applied", async () => (await states("r-1")).includes("applied"));
    expect(await states("p-2")).toEqual(["failed"]);
  },
);

test.each(examples)(
  "the example in %s begins no task that its inbox gives it after a pause, and acknowledges again what serve could not take",
  async (name, start) => {
    await using run = await startTestServer();
    const id = parseAgentId(name);
    await using program = await start({ AGENT_ID: name, NATS_URL: run.nats.url, HEARTBEAT_S: "0.5" });
    const until = (what: string, check: () => boolean) =>
      waitFor(check, { what, saw: () => program.stdout + program.stderr });
    const send = (type: "pause" | "resume" | "task", command_id: string) =>
      storeCommand(
        run.bus,
        { id, type, from: "operator", command_id, ...(type === "task" ? { text: "one two" } : {}) },
        new Date(),
      );
    await until("it is idle", () => run.server.fleet.get(id)?.status === "idle");
    await send("resume", "r-0");
    // Only then it reads from its consumer, which serve makes.
    const isTaken = () =>
      run.server.fleet
        .get(id)
        ?.commands.some(({ receipts }) => receipts.some(({ state }) => state === "applied")) === true;
    await until("it takes orders", isTaken);
    await run.server.stop();

    const words: string[] = [];
    const states = new Map<string, string[]>();
    const read = (data: Uint8Array) => JSON.parse(new TextDecoder().decode(data));
    run.bus.subscribe(agentSubject(id, "status"), ({ data }) => void words.push(read(data).status));
    run.bus.subscribe(agentSubject(id, "receipt"), ({ data }) => {
      const { command_id, state } = read(data);
      states.set(command_id, [...(states.get(command_id) ?? []), state]);
    });
    const item = { command_id: "t-1", type: "task", origin: "operator", from: "operator", text: "one two" };
    let isGiven = false;
    let acknowledgements = 0;
    const answers = run.bus.subscribe(toolCallSubject(id), async ({ data, reply }) => {
      const { tool } = read(data);
      if (tool === "acknowledge") {
        acknowledgements += 1;
        const isTaken = acknowledgements > 1;
        return reply(
          isTaken ? { success: true, result: "" } : { success: false, error: "serve is too slow" },
        );
      }
      const items = tool === "check_inbox" && !isGiven ? [item] : [];
      if (items.length > 0) {
        isGiven = true;
        await send("pause", "p-1");
        await until("the pause is applied", () => states.get("p-1")?.includes("applied") === true);
      }
      reply({ success: true, result: { items } });
    });
    await run.bus.flush();
    await send("task", "t-1");
    await until("it has the task", () => states.get("t-1")?.includes("injected") === true);
    await stays(() => !words.includes("working") && states.get("t-1")?.includes("seen") === false, {
      ...{ what: "it does not work", because: "it is paused", forMs: 500 },
    });
    await send("resume", "r-1");
    await until("it works", () => words.includes("working") && states.get("t-1")?.includes("seen") === true);
    await until("it acknowledges the task again", () => acknowledgements === 2);
    answers();
  },
);

test.each(examples)(
  "the example in %s ends at once after a stop, although nats-server told it late that nothing more came",
  async (name, start) => {
    await using run = await startTestServer();
    const id = parseAgentId(name);
    const { connection } = run.bus;
    let ended = 0;
    connection.subscribe(`$JS.API.CONSUMER.MSG.NEXT.${streams.commands}.>`, {
      callback: (_error, { reply }) => {
        if (reply === undefined || ended > 0) return;
        for (; ended < 4; ended += 1)
          connection.publish(reply, "", { headers: headers(408, "Request Timeout") });
      },
    });
    await connection.flush();
    await using program = await start({ AGENT_ID: name, NATS_URL: run.nats.url, HEARTBEAT_S: "0.5" });
    const until = (what: string, check: () => boolean) =>
      waitFor(check, { what, saw: () => program.stdout + program.stderr });
    await until("it asks for orders", () => ended > 0);
    await storeCommand(run.bus, { id, type: "stop", from: "operator", command_id: "s-1" }, new Date());
    await until("it has stopped", () => run.server.fleet.get(id)?.status === "stopped");
    expect((await program.exit()).code).toBe(0);
  },
);

/** A queue whose first fetch ends as one of nats-py 2.16 does on a busy machine, and whose second brings an order. */
const afterPlainTimeout = `
import asyncio, types, agent
fetches = 0
async def fetch(batch, timeout):
    global fetches
    fetches += 1
    if fetches == 1:
        raise asyncio.TimeoutError
    return ["an order"]
async def bind(durable, stream):
    return types.SimpleNamespace(fetch=fetch)
async def main():
    one = agent.Agent()
    one.nats = types.SimpleNamespace(jetstream=lambda: types.SimpleNamespace(pull_subscribe_bind=bind))
    async def take(message):
        print(f"took {message}")
        one.ended.set()
    one.take = take
    await one.take_orders()
asyncio.run(main())
`;

test("the example in python takes orders after a fetch that ends with asyncio's own TimeoutError", async () => {
  expect(await runBesidePythonAgent(afterPlainTimeout)).toMatchObject({
    ...{ code: 0, stdout: "took an order\n", stderr: "" },
  });
});
