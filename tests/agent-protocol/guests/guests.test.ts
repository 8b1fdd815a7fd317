// Agents of others in the fleet: programs that speak the Synadia agent protocol by hand, with the plain NATS client and the credentials of a peer.
// One server for all tests of this file.
import { afterAll, describe, expect, test } from "bun:test";
import { Empty, headers, type Msg, type NatsConnection } from "nats";
import { openGuest } from "../../../src/agent-protocol/guests/guest.ts";
import { mintAgent } from "../../../src/credentials/agent-keys.ts";
import { peerCredsPath } from "../../../src/credentials/peers.ts";
import type { CommandRecord } from "../../../src/domain/receipts.ts";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import type { CommandType } from "../../../src/domain/wire/order-messages.ts";
import { silentLogger } from "../../../src/log.ts";
import { startPeerServer } from "../../support/peer-server.ts";
import { stays, until } from "../../support/wait-for.ts";

const guestTimes = { lookEveryMs: 200, wordEveryMs: 100 };
const { parts, dir, keys, bus, server, openProtocol, connectPeer } = await startPeerServer({ guestTimes });
const protocol = openProtocol();
afterAll(() => parts.disposeAsync());

/** What a host does with a prompt: `say` sends a piece, `end` the end of the answer. */
interface Answering {
  readonly text: string;
  say(type: string, data: unknown): void;
  fail(code: string, text: string): void;
  end(): void;
  /** Asks, and resolves with the bytes of the answer as text. */
  ask(prompt: string): Promise<string>;
}

interface Host {
  readonly connection: NatsConnection;
  readonly instance: string;
  /** The texts of the prompts that have come. */
  readonly prompts: string[];
  /** How often it was asked what it is. */
  looks(): number;
  beat(more?: object): void;
}

interface HostOptions {
  readonly session?: string;
  readonly version?: string;
  readonly promptSubject?: string;
  readonly more?: object;
  /** Stands in what it says that it is. */
  readonly padding?: { readonly description: string };
  readonly work?: (answering: Answering) => void | Promise<void>;
}

/** A host of one agent, `echo` of `kim`, as a program would write it that knows the protocol alone. */
async function startHost(connection: NatsConnection, options: HostOptions = {}): Promise<Host> {
  const { session = "main", version = "0.3", more = { busy: false }, padding = {} } = options;
  // A subject has no spaces.
  const name = session.replaceAll(" ", "-");
  const { promptSubject = `agents.prompt.echo.kim.${name}`, work = ({ end }) => end() } = options;
  const instance = crypto.randomUUID().replaceAll("-", "");
  const prompts: string[] = [];
  const metadata = { agent: "echo", owner: "kim", session, protocol_version: version };
  const statusSubject = `agents.status.echo.kim.${name}`;
  const endpoints = [
    { name: "prompt", subject: promptSubject, queue_group: "agents", metadata: { max_payload: "1KB" } },
    { name: "status", subject: statusSubject, queue_group: "agents", metadata: null },
  ];
  const json = (body: object) => JSON.stringify(body);
  const facts = { name: "agents", id: instance, version: "1.0.0", metadata };
  const hear = (subject: string, onMessage: (message: Msg) => void, queue?: string) =>
    connection.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        if (error === null) onMessage(message);
      },
    });
  let looks = 0;
  const answer = (subject: string, body: object) =>
    hear(subject, (message) => void message.respond(json(body)));
  hear("$SRV.INFO.agents", (message) => {
    looks += 1;
    message.respond(json({ type: "io.nats.micro.v1.info_response", ...facts, ...padding, endpoints }));
  });
  answer(`$SRV.PING.agents.${instance}`, { type: "io.nats.micro.v1.ping_response", ...facts });
  const beat = { agent: "echo", owner: "kim", session, instance_id: instance, interval_s: 30 };
  answer(statusSubject, { ...beat, ts: new Date().toISOString(), ...more });
  const onPrompt = (message: Msg) => {
    const { prompt } = message.json<{ prompt: string }>();
    prompts.push(prompt);
    void work(answeringOf(connection, message, prompt));
  };
  hear(promptSubject, onPrompt, "agents");
  await connection.flush();
  return {
    ...{ connection, instance, prompts, looks: () => looks },
    beat: (said = {}) => connection.publish(`agents.hb.echo.kim.${name}`, json({ ...beat, ...said })),
  };
}

function answeringOf(connection: NatsConnection, message: Msg, text: string): Answering {
  const say = (type: string, data: unknown) => void message.respond(JSON.stringify({ type, data }));
  return {
    ...{ text, say },
    fail(code, words) {
      const about = headers();
      about.set("Nats-Service-Error-Code", code);
      about.set("Nats-Service-Error", words);
      message.respond(Empty, { headers: about });
      message.respond(Empty);
    },
    end: () => void message.respond(Empty),
    async ask(prompt) {
      const reply_subject = `_INBOX.agents.${crypto.randomUUID()}`;
      const answers = connection.subscribe(reply_subject, { max: 1 });
      say("query", { id: "1", reply_subject, prompt });
      for await (const { data } of answers) return new TextDecoder().decode(data);
      return "";
    },
  };
}

const id = parseAgentId("peer_box_echo_kim_main");
const view = (of = id) => server.fleet.get(of);
const order = (text: string, of = id) => view(of)?.commands.find(({ summary }) => summary === text);
const statesOf = (command: CommandRecord | undefined) => command?.receipts.map(({ state }) => state);
const endOf = (command: CommandRecord | undefined) => command?.receipts.at(-1);
const send = (type: CommandType, text?: string, of = id) =>
  server.sendCommand({ id: of, type, text, from: "kim (page)" });
/** Gives it a task, and resolves with the last receipt. */
async function finish(text: string, of = id) {
  const { command_id } = await send("task", text, of);
  return await until(`the task "${text}" is over`, () => {
    const end = endOf(view(of)?.commands.find((each) => each.command_id === command_id));
    return ["applied", "failed", "refused"].includes(end?.state ?? "") && end;
  });
}

/** Ends the answers that wait for it. */
const ends: (() => void)[] = [];

async function work({ text, say, fail, end, ask }: Answering): Promise<void> {
  if (text === "fail at once") return fail("429", "too many prompts");
  say("status", "ack");
  if (text === "hold") return;
  if (text === "wait") return void ends.push(end);
  if (text === "fail later") {
    say("response", "I try. ");
    return fail("500", "handler error");
  }
  if (text === "ask and leave") {
    say("query", { id: "1", reply_subject: "_INBOX.agents.nobody", prompt: "Which?" });
    ends.push(end);
    return;
  }
  if (text === "overdo") {
    for (let n = 0; n < 100; n += 1) {
      say("query", { id: `${n}`, reply_subject: `_INBOX.agents.${n}`, prompt: `${n}?` });
      say("response", { text: "y", attachments: [{ filename: "a", content: "" }] });
    }
    ends.push(() => fail("500", `\u001b[31mred ${"x".repeat(1_000)}`));
    return;
  }
  if (text === "ask") say("response", `You want ${await ask("Which file?")}.`);
  else if (text === "attack") {
    say("query", { id: "1", reply_subject: "agents.prompt.cliai.kim-lee.ada", prompt: "May I?" });
    say("nonsense", 1);
    say("response", { text: "Harmless.", attachments: [{ filename: "a", content: "" }] });
  } else if (text !== "nothing") {
    say("response", "Hello ");
    say("response", "world");
  }
  end();
}

const connection = await connectPeer({ name: "box", mayServe: true });
const host = await startHost(connection, { work });
await until("the agent is in the fleet", () => view()?.status === "idle");

describe("openGuests()", () => {
  test("shows an agent of a peer in the fleet, marked as such, and with what it says of itself", async () => {
    expect(view()).toMatchObject({
      ...{ agent_id: "peer_box_echo_kim_main", config_name: "box (peer)", project_path: "unknown" },
      ...{ cli: "agent-protocol", cli_version: "0.3", status: "idle" },
    });
    expect(view()?.axes.link.value).toBe("online");
    host.beat({ busy: true });
    await until("it works for others", () => view()?.status === "working");
    host.beat({ status: "idle" });
    await until("it is idle", () => view()?.status === "idle");
  });

  test("gives it a task as a prompt, with receipts by evidence, and keeps what it answers", async () => {
    const { state, detail } = await finish("greet");
    expect({ state, detail }).toEqual({ state: "applied", detail: "it answered: Hello world" });
    expect(statesOf(order("greet"))).toEqual(["stored", "delivered", "injected", "seen", "applied"]);
    const { entries } = await server.transcripts.read(id, { limit: 10 });
    expect(entries.map(({ kind, text }) => [kind, text])).toEqual([
      ["prompt", "greet"],
      ["answer", "Hello world"],
    ]);
    await until("its last words are shown", () => view()?.last_words?.text === "Hello world");
    expect(host.prompts).toEqual(["greet"]);
  });

  test("asks a person what it asks, and tells it the answer as plain text", async () => {
    const over = finish("ask");
    const request = await until("the question is there", () => server.requests.open()[0]);
    expect(request).toMatchObject({ agent_id: id, kind: "question", question: "Which file?" });
    await server.requests.answer(request.request_id, { text: "all of them" }, "kim (page)");
    expect((await over).detail).toBe("it answered: You want all of them.");
    const answer = () => view()?.commands.find(({ type }) => type === "message");
    await until("the answer is handed over", () => endOf(answer())?.state === "injected");
    expect(endOf(answer())?.route).toBe("agent-protocol");
  });

  test("says so if it does not listen for the answer", async () => {
    const over = finish("ask and leave");
    const request = await until("the question is there", () => server.requests.open()[0]);
    await server.requests.answer(request.request_id, { text: "nobody hears it" }, "kim (page)");
    const answer = () => view()?.commands.findLast(({ type }) => type === "message");
    await until("the answer has failed", () => endOf(answer())?.state === "failed");
    expect(endOf(answer())?.detail).toBe("nobody listens for this answer any more");
    for (const end of ends.splice(0)) end();
    expect((await over).state).toBe("applied");
  });

  test("tells its errors in its words, and answers only to inboxes", async () => {
    expect(await finish("fail at once")).toMatchObject({ state: "failed", detail: "too many prompts (429)" });
    expect(statesOf(order("fail at once"))).toEqual(["stored", "failed"]);
    expect(await finish("fail later")).toMatchObject({ state: "failed", detail: "handler error (500)" });
    expect(await finish("attack")).toMatchObject({ state: "applied", detail: "it answered: Harmless." });
    expect(await finish("nothing")).toMatchObject({
      state: "applied",
      detail: "it ended its answer without a word",
    });
    expect(statesOf(order("nothing"))).toEqual(["stored", "delivered", "injected", "applied"]);
    expect(server.requests.open()).toEqual([]);
    expect((await finish("x".repeat(1_100))).detail).toContain("bytes, and it takes 1,024 at most");
  });

  test("keeps little of what a program sends without measure", async () => {
    const over = finish("overdo");
    const open = () => server.requests.open().filter(({ agent_id }) => agent_id === id);
    await until("as many questions as it may have are there", () => open().length === 16);
    await stays(() => open().length === 16, {
      what: "there are no more",
      because: "it has sent all at once",
    });
    for (const end of ends.splice(0)) end();
    const { detail = "" } = await over;
    expect(detail).toBe(`\ufffd[31mred ${"x".repeat(291)}… (500)`);
    await until("nobody is asked any more", () => open().length === 0);
    const { entries } = await server.transcripts.read(id, { limit: 3 });
    const texts = entries.map(({ kind, text }) => [kind, text]);
    expect(texts.slice(-2)).toEqual([
      ["answer", "y".repeat(100)],
      ["note", "100 attachments of the answer are not kept"],
    ]);
  });

  test("gives it one task after another", async () => {
    const first = finish("wait");
    await until("the first is acknowledged", () => statesOf(order("wait"))?.includes("injected"));
    await send("task", "greet again");
    await until("the second is stored", () => statesOf(order("greet again"))?.[0] === "stored");
    expect(statesOf(order("greet again"))).toEqual(["stored"]);
    for (const end of ends.splice(0)) end();
    expect((await first).state).toBe("applied");
    await until("the second is done", () => endOf(order("greet again"))?.state === "applied");
  });

  test("gives it no task while another serve leads, nor if it leads no more when the task is read", async () => {
    const led = parseAgentId("peer_box_echo_kim_led");
    let leads = false;
    const prompted: boolean[] = [];
    const answer = ({ say, end }: Answering) => {
      prompted.push(leads);
      say("status", "ack");
      end();
    };
    // In the fleet's account, where nobody else looks for it.
    const { instance } = await startHost(bus.connection, { session: "led", work: answer });
    const promptSubject = "agents.prompt.echo.kim.led";
    const guest = openGuest({
      ...{ id: led, by: "box (peer)", peerBus: bus, fleetBus: bus, now: () => new Date(), log: silentLogger },
      service: { agent: "echo", owner: "kim", session: "led", instanceId: instance, promptSubject },
      server: { ...server, isLeader: () => leads },
    });
    await until("it is there", () => view(led)?.axes.link.value === "online");
    leads = true; // so that it ends what it had before
    expect((await finish("before", led)).state).toBe("applied");
    leads = false;
    await send("task", "now", led);
    await until("the task is stored", () => statesOf(order("now", led))?.[0] === "stored");
    guest.alive();
    await send("pause", undefined, led);
    const pause = () => view(led)?.commands.findLast(({ type }) => type === "pause");
    await until("the pause is refused", () => endOf(pause())?.state === "refused");
    leads = true;
    guest.alive();
    leads = false; // before the task is read
    await send("resume", undefined, led);
    const resume = () => view(led)?.commands.findLast(({ type }) => type === "resume");
    await until("the resume is refused", () => endOf(resume())?.state === "refused");
    leads = true;
    await until("it has got the task", () => {
      guest.alive();
      return endOf(order("now", led))?.state === "applied";
    });
    expect(prompted).toEqual([true, true]);
    await guest.leave("the test is over");
  });

  test("refuses what the protocol has not, and says so", async () => {
    for (const type of ["stop", "pause", "resume"] as const) {
      await send(type);
      const last = await until(`the ${type} is refused`, () => {
        const end = endOf(view()?.commands.findLast((each) => each.type === type));
        return end?.state === "refused" && end;
      });
      expect(last.detail).toBe(`the agent protocol has no ${type}: do that where the agent runs`);
    }
    await server.sendMessage({ to: id, text: "hello", from: "kim (page)" });
    await until("the message is refused", () => endOf(order("hello"))?.state === "refused");
    expect(view()?.axes.control.value).toBe("running");
  });

  test("shows one whose program has ended as gone; its task waits for the next run", async () => {
    const peer = await connectPeer(peerCredsPath(dir.path, "box"));
    await startHost(peer, { session: "short" });
    const short = parseAgentId("peer_box_echo_kim_short");
    await until("it is there", () => view(short)?.axes.link.value === "online");
    await peer.close();
    await until("it is gone", () => view(short)?.status === "disconnected");
    expect(view(short)?.said?.message).toBe("its service is gone");
    await send("task", "later", short);
    const next = await startHost(connection, { session: "short", work });
    await until("it has taken the task", () => endOf(order("later", short))?.state === "applied");
    expect(next.prompts).toEqual(["later"]);
  });

  test("lets nobody pretend to be an agent of ours, nor join without the right to", async () => {
    const other = await connectPeer({ name: "caller" });
    await startHost(other).catch(() => undefined); // its subscriptions are refused
    await startHost(connection, { session: "Old", version: "0.2" });
    await startHost(connection, { session: "ours", promptSubject: "agents.prompt.cliai.kim-lee.ada" });
    await startHost(connection, { session: "huge", padding: { description: "x".repeat(70_000) } });
    const lastOne = await startHost(connection, { session: "Last One" });
    const ids = () => server.fleet.list().map(({ agent_id }) => agent_id);
    const last = await until("the last one is there", () => ids().find((each) => /last-one/.test(each)));
    expect(last).toMatch(/^peer_box_echo-kim-last-one-[0-9a-f]{8}$/);
    // It may have been met before the others of the same look, but not of a later one: looks never overlap.
    const before = lastOne.looks();
    await until("all were looked for again", () => lastOne.looks() >= before + 2);
    expect(ids().filter((each) => /caller|old|ours|huge/i.test(each))).toEqual([]);
    // Its account has nobody else in it, and there it may only serve.
    for (const subject of ["agents.prompt.cliai.kim-lee.ada", "agent.ada.command", "$JS.API.STREAM.LIST"])
      await expect(connection.request(subject, "", { timeout: 5_000 })).rejects.toThrow(/permissions/i);
    const minted = mintAgent(dir.path, keys, { id, role: "agent", now: new Date() });
    await expect(minted).rejects.toThrow("could be the id of an agent of a peer");
  });

  test("lets no more agents of a peer join than the fleet takes of one, however many come at once", async () => {
    const crowd = await connectPeer({ name: "crowd", mayServe: true });
    let looks = 0;
    crowd.subscribe("$SRV.INFO.agents", {
      callback: (_error, message) => {
        looks += 1;
        for (let n = 0; n < 70; n += 1) {
          const metadata = { agent: "echo", owner: "kim", session: `${n}`, protocol_version: "0.3" };
          const endpoints = [{ name: "prompt", subject: `agents.prompt.echo.kim.${n}` }];
          message.respond(JSON.stringify({ name: "agents", id: `crowd${n}`, metadata, endpoints }));
        }
      },
    });
    const joined = () => server.fleet.list().filter(({ agent_id }) => agent_id.startsWith("peer_crowd_"));
    await until("as many as may join have joined", () => joined().length >= 64);
    const before = looks;
    await until("all were looked for again", () => looks >= before + 2);
    expect(joined().length).toBe(64);
    await crowd.close();
  });

  test("ends what it cannot follow any more when serve ends, and what was left over when it begins", async () => {
    await send("task", "hold");
    await until("it is acknowledged", () => endOf(order("hold"))?.state === "injected");
    await protocol.disposeAsync();
    const { command_id } = await send("task", "left over");
    for (const state of ["delivered", "injected"])
      await bus.publishStored(`agent.${id}.receipt`, { command_id, state });
    await until("it is taken", () => endOf(order("left over"))?.state === "injected");
    openProtocol();
    await until("it has failed", () => endOf(order("left over"))?.state === "failed");
    expect(endOf(order("left over"))?.detail).toContain("its answer is lost");
    // The serve that ended has said so, unless it had not the time; then the next one did.
    await until("the other one has failed, too", () => endOf(order("hold"))?.state === "failed");
    expect(endOf(order("hold"))?.detail).toStartWith("cliai serve ended");
  });
});
