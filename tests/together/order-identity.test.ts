// What tells one order from another: its token, the run that it is for, and what it says.
import { describe, expect, test } from "bun:test";
import { decodeMessage } from "../../src/domain/wire/decode.ts";
import { type Command, CommandSchema } from "../../src/domain/wire/order-messages.ts";
import { streams } from "../../src/domain/wire/subjects.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { readStream } from "../../src/nats/jetstream/read-stream.ts";
import { subjectCounts } from "../../src/nats/jetstream/stream-messages.ts";
import { storeCommand } from "../../src/server/send-command.ts";
import { startAgent, type TestAgent, viewOf } from "../support/agent-fixture.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";

const statesOf = (run: TestServer, agent: TestAgent, id: string) =>
  viewOf(run, agent)
    ?.commands.find(({ command_id }) => command_id === id)
    ?.receipts.map(({ state }) => state);

/** Takes what waits and says that it is done. @returns the ids */
async function work(agent: TestAgent): Promise<unknown[]> {
  const items = await agent.inbox();
  for (const { command_id } of items) {
    if (command_id !== undefined) await agent.result("acknowledge", { command_id, outcome: "applied" });
  }
  return items.map(({ command_id, message_id }) => command_id ?? message_id);
}

/** Nothing waits in COMMANDS: a nats-server that starts again then knows none of its ids. */
async function restartForgetful(run: TestServer, bus: Bus): Promise<TestServer> {
  const waiting = async () => [...(await subjectCounts(bus, streams.commands))];
  await waitFor(async () => (await waiting()).length === 0, { what: "a swept stream", saw: waiting });
  return await run.restart(async () => {
    run.nats.kill();
    await waitFor(() => run.nats.server.restarts() === 1, { what: "the restart of nats-server" });
    await waitFor(() => bus.isConnected(), { what: "the connection" });
  });
}

/** The stored commands of an agent, as the audit has them once it has so many. */
async function storedFor(bus: Bus, id: string, count: number): Promise<Command[]> {
  const read = async () => {
    const stored: Command[] = [];
    for await (const { data } of readStream(bus, { stream: "AUDIT", subjects: [`agent.${id}.command`] })) {
      stored.push(decodeMessage(CommandSchema, data));
    }
    return stored;
  };
  await waitFor(async () => (await read()).length >= count, { what: "the audit's copies", saw: read });
  return await read();
}

describe("an item is given once", () => {
  test("a task that was applied, sent again under its id after 22 others and a restart, is given once more", async () => {
    await using first = await startTestServer();
    const bus = await first.nats.bus();
    const ada = await startAgent(first, bus, "ada");
    const send = (run: TestServer, command_id: string) =>
      run.server.sendCommand({ id: ada.id, type: "task", text: "dig", from: "me", command_id });
    await send(first, "again");
    expect(await work(ada)).toEqual(["again"]);
    for (let n = 0; n < 22; n += 1) {
      await send(first, `other-${n}`);
      await work(ada);
    }
    await waitFor(() => statesOf(first, ada, "again") === undefined, { what: "a record that forgot it" });
    await using second = await restartForgetful(first, bus);
    expect(await send(second, "again")).toMatchObject({ duplicate: false });
    expect(await work(ada)).toEqual(["again"]);
    await waitFor(() => statesOf(second, ada, "again")?.includes("applied"), { what: "its end" });
    expect(await ada.inbox()).toEqual([]);
    const audited = (await storedFor(bus, "ada", 24)).filter(({ command_id }) => command_id === "again");
    expect(audited.length).toBe(2);
    expect(audited[0]?.token).not.toBe(audited[1]?.token);
  });

  test("a captain that nobody remembers to have told is told of an open request anew once, and not again and again", async () => {
    await using first = await startTestServer();
    const bus = await first.nats.bus();
    const cap = await startAgent(first, bus, "cap", { role: "captain" });
    const ada = await startAgent(first, bus, "ada");
    await ada.result("ask_human", { question: "left or right?", wait_s: 0 });
    const notices = await waitFor(async () => (await work(cap))[0], { what: "the notice" });
    for (let n = 0; n < 22; n += 1) {
      await first.server.sendCommand({ id: cap.id, type: "task", text: "dig", from: "me" });
      await work(cap);
    }
    await using second = await restartForgetful(first, bus);
    await startAgent(second, bus, "cap", { role: "captain" });
    // Nobody remembers that it was told: it is told anew, and once.
    expect(await waitFor(async () => (await work(cap))[0], { what: "the notice anew" })).toEqual(notices);
    await waitFor(() => statesOf(second, cap, String(notices))?.includes("injected"), {
      what: "its receipt",
    });
    expect(await cap.inbox()).toEqual([]);
  });
});

describe("the same id twice", () => {
  test("with other words, another type or for another run it is refused by name, and nothing is stored", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const ada = await startAgent(run, bus, "ada");
    const send = (order: object) =>
      run.server.sendCommand({ id: ada.id, type: "task", from: "me", command_id: "k", ...order });
    expect(await send({ text: "dig" })).toMatchObject({ duplicate: false });
    await waitFor(() => statesOf(run, ada, "k"), { what: "the record" });
    expect(await send({ text: "dig" })).toMatchObject({ duplicate: true });
    const code = "stored_before";
    await expect(send({ text: "fill" })).rejects.toMatchObject({
      code,
      message: 'task "k" to ada was stored before, with another text',
    });
    await expect(send({ type: "pause" })).rejects.toMatchObject({
      code,
      message: expect.stringContaining("and is not a pause"),
    });
    // Also where the record is not known: by the stream's own word, while the order waits and after it was taken.
    const blind = (text: string) =>
      storeCommand(bus, { id: ada.id, type: "task", text, from: "me", command_id: "k" }, new Date());
    await expect(blind("fill")).rejects.toMatchObject({ code });
    expect(await blind("dig")).toMatchObject({ duplicate: true });
    await work(ada);
    await waitFor(async () => (await subjectCounts(bus, streams.commands)).size === 0, {
      what: "the removal of orders that are over",
    });
    await expect(blind("fill")).rejects.toMatchObject({ code });
    expect(await blind("dig")).toMatchObject({ duplicate: true });
    const pause = { type: "pause", reason: "lunch", command_id: "p" };
    await send(pause);
    await waitFor(() => statesOf(run, ada, "p"), { what: "the pause" });
    expect(await send(pause)).toMatchObject({ duplicate: true });
    await startAgent(run, bus, "ada");
    await expect(send(pause)).rejects.toMatchObject({
      code,
      message: expect.stringContaining("for a run that has ended"),
    });
    expect((await storedFor(bus, "ada", 2)).map(({ command_id }) => command_id)).toEqual(["k", "p"]);
  });
});

describe("a control order belongs to a run", () => {
  test("it names the run that there is; without one it is refused, and a repeated one that was stored is not", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    const ada = await startAgent(run, bus, "ada", { config_name: "Demo", agent_cli: "claude" });
    const instance = viewOf(run, ada)?.heartbeat?.instance_id as string;
    const stop = { id: ada.id, type: "stop", from: "me", command_id: "s" } as const;
    await run.server.sendCommand(stop);
    await waitFor(() => statesOf(run, ada, "s"), { what: "the stop" });
    await bus.publishStored("agent.ada.status", {
      status: "stopped",
      message: "stop by me",
      instance_id: instance,
    });
    await waitFor(() => viewOf(run, ada)?.status === "stopped", { what: "the end" });
    const [stored] = await storedFor(bus, "ada", 1);
    expect(stored).toMatchObject({
      command_id: "s",
      run: instance,
      token: expect.stringMatching(/^[\w-]{22}$/),
    });
    for (const type of ["stop", "pause", "resume"] as const) {
      await expect(run.server.sendCommand({ id: ada.id, type, from: "me" })).rejects.toMatchObject({
        code: "refused",
        message: expect.stringMatching(/^ada has not run since 20.* \(said goodbye \(stopped\)\)/),
        hint: "start it again: cliai resume ada",
      });
    }
    await expect(
      run.server.sendCommand({ id: ada.id, type: "task", text: "dig", from: "me" }),
    ).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining("(stop by me): it takes no work"),
    });
    // Who sends again because no answer came finds it done.
    expect(await run.server.sendCommand(stop)).toMatchObject({ duplicate: true });
    expect((await storedFor(bus, "ada", 1)).length).toBe(1);
  });
});

test("one that ended its work is given no task, and one that crashed is", async () => {
  await using run = await startTestServer();
  const bus = await run.nats.bus();
  for (const [name, status, how] of [
    ["ada", "ended", "exit code 0"],
    ["bob", "crashed", "SIGKILL"],
  ] as const) {
    const agent = await startAgent(run, bus, name, { agent_cli: "claude" });
    const instance_id = viewOf(run, agent)?.heartbeat?.instance_id as string;
    await bus.publishStored(`agent.${name}.status`, { status, message: how, instance_id });
    await waitFor(() => viewOf(run, agent)?.status === status, { what: "its end" });
    const sent = run.server.sendCommand({ id: agent.id, type: "task", text: "dig", from: "me" });
    if (status === "crashed") expect(await sent).toMatchObject({ duplicate: false });
    else {
      await expect(sent).rejects.toMatchObject({
        code: "refused",
        message: expect.stringMatching(/^ada ended its work at 20.* \(exit code 0\): it takes no work$/),
        hint: "start it again: cliai resume ada",
      });
    }
  }
});

test("a receipt that names another order's token counts for nothing, and no view shows a token", async () => {
  await using run = await startTestServer();
  const bus = await run.nats.bus();
  const ada = await startAgent(run, bus, "ada");
  await run.server.sendCommand({ id: ada.id, type: "task", text: "dig", from: "me", command_id: "k" });
  // Orders and receipts are read from two streams: without this a receipt may come first.
  await waitFor(() => statesOf(run, ada, "k")?.includes("stored"), { what: "the order" });
  const receipt = (facts: object) => bus.publishStored("agent.ada.receipt", { command_id: "k", ...facts });
  await receipt({ state: "applied", token: "of-an-earlier-order" });
  await receipt({ state: "delivered" });
  await waitFor(() => statesOf(run, ada, "k")?.includes("delivered"), { what: "the plain receipt" });
  expect(statesOf(run, ada, "k")).toEqual(["stored", "delivered"]);
  expect(run.server.fleet.get(ada.id)?.commands[0]).not.toHaveProperty("token");
  const [stored] = await storedFor(bus, "ada", 1);
  await receipt({ state: "applied", token: stored?.token });
  await waitFor(() => statesOf(run, ada, "k")?.includes("applied"), { what: "its own receipt" });
  const shown = JSON.stringify([await ada.result("check_inbox"), run.server.fleet.list()]);
  expect(shown).not.toContain(stored?.token as string);
});
