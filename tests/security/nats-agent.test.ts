// What a malicious agent can do on NATS with its own credentials and the package `nats`: its own things, and nothing else.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { Events, type NatsConnection } from "nats";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../src/log.ts";
import type { Server } from "../../src/server/server.ts";
import { startServer } from "../../src/server/start-server.ts";
import { type SecureNats, startSecureNats } from "../support/secure-nats.ts";
import { waitFor } from "../support/wait-for.ts";

let nats: SecureNats;
let server: Server;
/** The attacker's connection, and the subjects that were refused to it. */
let mallory: NatsConnection;
const refused: string[] = [];
const text = new TextEncoder();
const body = (value: unknown) => text.encode(JSON.stringify(value));

beforeAll(async () => {
  nats = await startSecureNats();
  server = await startServer(nats.serve, {
    version: "0.0.0-test",
    replicas: 1,
    insecure: false,
    roleOf: (id) => (id === "queen" ? "captain" : "agent"),
    natsRestarts: nats.server.restarts,
    now: () => new Date(),
    log: silentLogger,
  });
  mallory = await nats.connectRaw((await nats.mintAgent("mallory")).creds, { name: "mallory" });
  void (async () => {
    for await (const status of mallory.status()) {
      if (status.type === Events.Error && status.data === "PERMISSIONS_VIOLATION")
        refused.push(status.permissionContext?.subject ?? "");
    }
  })();
  for (const id of ["mallory", "bob"]) {
    nats.serve.publish(`agent.${id}.heartbeat`, {
      ...{ agent_id: id, status: "working", instance_id: `${id}-1` },
      interval_s: 3_600, // neither falls silent while the tests run
    });
    await waitFor(() => server.fleet.get(parseAgentId(id)) !== undefined, { what: `${id} is known` });
  }
  await waitFor(() => consumerOf("bob"), { what: "bob's consumer" });
});
afterAll(async () => {
  await server.stop();
  await nats[Symbol.asyncDispose]();
});
beforeEach(() => {
  refused.length = 0;
});

async function consumerOf(id: string) {
  const manager = await nats.serve.connection.jetstreamManager();
  return await manager.consumers.info("COMMANDS", `bridge-${id}`).catch(() => undefined); // not made yet
}

const bob = () => server.fleet.get(parseAgentId("bob"));

describe("publishing as anybody else", () => {
  test.each([
    ...["heartbeat", "status", "event", "receipt", "transcript", "command", "shutdown", "message"].map(
      (topic) => `agent.bob.${topic}`,
    ),
    ...["command", "shutdown", "message"].map((topic) => `agent.mallory.${topic}`),
    "agent.mallory.heartbeat.more",
    ...["screen", "watch", "keys"].map((topic) => `agent.bob.${topic}`),
    ...["watch", "keys"].map((topic) => `agent.mallory.${topic}`),
    "tools.call",
    "tools.call.bob",
    "modelserver.lease",
    "modelserver.lease.bob",
    "tools.some-request.response",
    "captain.decision",
    "captain.broadcast",
    "fleet.reservations",
    "dashboard.state",
    "dashboard.alert",
    "audit.checkpoint",
    "audit.tools.mallory",
    "audit.malformed",
    "replay.agent.bob.status",
    "_INBOX.bob.guess",
    "_INBOX.mallory.own",
    "_INBOX.guess",
    "anything.else",
    "$KV.agents.bob",
    "$KV.agents.mallory",
    "$KV.reservations.all",
    "$KV.requests.guess",
    "$KV.serve.cursor",
    "$O.files.C.guess",
    "$JS.API.INFO",
    "$JS.API.ACCOUNT.PURGE.guess",
    "$JS.API.STREAM.CREATE.MINE",
    "$JS.API.STREAM.UPDATE.COMMANDS",
    "$JS.API.STREAM.DELETE.COMMANDS",
    "$JS.API.STREAM.PURGE.AUDIT",
    "$JS.API.STREAM.INFO.COMMANDS",
    "$JS.API.STREAM.LIST",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.SNAPSHOT.AUDIT",
    "$JS.API.STREAM.RESTORE.AUDIT",
    "$JS.API.STREAM.MSG.GET.COMMANDS",
    "$JS.API.STREAM.MSG.GET.TRANSCRIPTS",
    "$JS.API.CONSUMER.CREATE.TRANSCRIPTS.mine.agent.mallory.transcript",
    "$JS.API.STREAM.MSG.DELETE.COMMANDS",
    "$JS.API.DIRECT.GET.COMMANDS",
    "$JS.API.DIRECT.GET.KV_requests.$KV.requests.guess",
    "$JS.API.CONSUMER.CREATE.COMMANDS",
    "$JS.API.CONSUMER.CREATE.COMMANDS.mine",
    "$JS.API.CONSUMER.CREATE.COMMANDS.bridge-mallory.agent.bob.command",
    "$JS.API.CONSUMER.DURABLE.CREATE.COMMANDS.bridge-mallory",
    "$JS.API.CONSUMER.DELETE.COMMANDS.bridge-bob",
    "$JS.API.CONSUMER.DELETE.COMMANDS.bridge-mallory",
    "$JS.API.CONSUMER.PAUSE.COMMANDS.bridge-bob",
    "$JS.API.CONSUMER.PAUSE.COMMANDS.bridge-mallory",
    "$JS.API.CONSUMER.UNPIN.COMMANDS.bridge-bob",
    "$JS.API.CONSUMER.RESET.COMMANDS.bridge-bob",
    "$JS.API.CONSUMER.INFO.COMMANDS.bridge-bob",
    "$JS.API.CONSUMER.INFO.AUDIT.bridge-mallory",
    "$JS.API.CONSUMER.LIST.COMMANDS",
    "$JS.API.CONSUMER.NAMES.COMMANDS",
    "$JS.API.CONSUMER.MSG.NEXT.COMMANDS.bridge-bob",
    "$JS.API.CONSUMER.MSG.NEXT.KV_requests.guess",
    "$JS.ACK.COMMANDS.bridge-bob.1.1.1.1.0",
    "$JS.ACK.AUDIT.bridge-mallory.1.1.1.1.0",
    "$JS.FC.guess",
    "$SYS.REQ.CLAIMS.UPDATE",
    "$SYS.REQ.SERVER.PING",
    "$SYS.REQ.ACCOUNT.PING.CONNZ",
    "$SYS.REQ.USER.INFO",
    "$SRV.PING",
  ])("%s is refused", async (subject) => {
    mallory.publish(subject, body({ agent_id: "bob", type: "stop", status: "stopped" }));
    await mallory.flush();
    await waitFor(() => refused.length > 0, { what: "the refusal" });
    expect(refused).toEqual([subject]);
  });
});

describe("listening to anybody else", () => {
  test.each([
    ">",
    "*",
    "agent.>",
    "agent.*.heartbeat",
    "agent.*.command",
    "agent.bob.command",
    "agent.bob.message",
    "agent.mallory.command",
    "agent.*.screen",
    "agent.mallory.screen",
    ...["*", "bob"].flatMap((id) => [`agent.${id}.watch`, `agent.${id}.keys`]),
    "tools.>",
    "tools.call.*",
    "tools.call.mallory",
    "modelserver.lease.*",
    "modelserver.lease.mallory",
    "tools.*.response",
    "captain.>",
    "dashboard.state",
    "dashboard.alert",
    "audit.>",
    "_INBOX.>",
    "_INBOX.*",
    "_INBOX.bob.>",
    "$KV.>",
    "$KV.requests.>",
    "$JS.>",
    "$JS.API.>",
    "$JS.ACK.>",
    "$JS.EVENT.ADVISORY.>",
    "$SYS.>",
    "$SYS.ACCOUNT.*.CONNECT",
    "$SRV.>",
  ])("%s is refused, in a queue group too", async (subject) => {
    for (const queue of [undefined, "serve"]) {
      refused.length = 0;
      const subscription = mallory.subscribe(subject, queue === undefined ? {} : { queue });
      await mallory.flush();
      await waitFor(() => refused.length > 0, { what: "the refusal" });
      expect(refused).toEqual([subject]);
      expect(subscription.isClosed()).toBe(true);
    }
  });
});

test("its own things work: reports, calls, its consumer, its replies, what captains say to all", async () => {
  const heard = mallory.subscribe("captain.broadcast", { max: 1 });
  for (const topic of ["heartbeat", "status", "event", "receipt"])
    mallory.publish(`agent.mallory.${topic}`, body({ agent_id: "mallory", status: "working", kind: "x" }));
  const answer = await mallory.request("tools.call.mallory", body({ tool: "list_agents", arguments: {} }));
  expect(answer.json()).toMatchObject({ success: true });
  await server.sendCommand({ id: parseAgentId("mallory"), type: "task", text: "dig", from: "eve" });
  const consumer = await mallory.jetstream().consumers.get("COMMANDS", "bridge-mallory");
  const message = await consumer.next({ expires: 5_000 });
  expect(message?.json()).toMatchObject({ type: "task" });
  expect(await message?.ackAck()).toBe(true);
  const ack = await mallory
    .jetstream()
    .publish("agent.mallory.status", body({ status: "idle" }), { msgID: "m-1" });
  expect(ack.stream).toBe("AUDIT");
  const store = () =>
    mallory
      .jetstream()
      .publish("agent.mallory.transcript", body({ kind: "answer", entry_id: "e1" }), { msgID: "s1 e1" });
  expect([await store(), await store()]).toMatchObject([
    { stream: "TRANSCRIPTS", duplicate: false },
    { stream: "TRANSCRIPTS", duplicate: true },
  ]);
  nats.serve.publish("captain.broadcast", { text: "all hands", from: "queen" });
  for await (const broadcast of heard) expect(broadcast.json()).toMatchObject({ text: "all hands" });
  expect(refused).toEqual([]);
});

test("the keys for its own terminal reach it, and no other agent; its screen reaches the fleet's account", async () => {
  const bobs = await nats.connectRaw((await nats.mintAgent("bob")).creds, { name: "bob" });
  const heard: string[] = [];
  const hear = (name: string, connection: NatsConnection) => {
    for (const topic of ["watch", "keys"])
      connection.subscribe(`agent.${name}.${topic}`, {
        callback: (_, message) => heard.push(`${name} ${message.subject} ${message.string()}`),
      });
    return connection.flush();
  };
  await Promise.all([hear("mallory", mallory), hear("bob", bobs)]);
  nats.serve.publish("agent.bob.keys", { keys: "y" });
  nats.serve.publish("agent.bob.watch", { viewer: "v" });
  await waitFor(() => heard.length >= 2, { what: "bob hears both" });
  // Each hears in order, so what is for mallory comes after what might have come before.
  nats.serve.publish("agent.mallory.watch", { viewer: "w" });
  await waitFor(() => heard.length >= 3, { what: "mallory hears the last one" });
  expect(heard.sort()).toEqual([
    'bob agent.bob.keys {"keys":"y"}',
    'bob agent.bob.watch {"viewer":"v"}',
    'mallory agent.mallory.watch {"viewer":"w"}',
  ]);
  const seen: string[] = [];
  const stop = nats.serve.subscribe("agent.*.screen", ({ subject }) => seen.push(subject));
  await nats.serve.flush();
  mallory.publish("agent.mallory.screen", body({ kind: "frame" }));
  await waitFor(() => seen.length > 0, { what: "its screen" });
  stop();
  expect(seen).toEqual(["agent.mallory.screen"]);
  expect(refused).toEqual([]);
});

describe("making others speak for it", () => {
  // nats-server checks what an agent publishes to, and not what it names for the reply: who answers has other rights.
  const asking: readonly (readonly [string, string, string])[] = [
    ["agent.mallory.status", '{"status":"working"}', "an acknowledgement"],
    ["agent.mallory.receipt", '{"command_id":"c-1","state":"delivered"}', "an acknowledgement"],
    ["$JS.API.CONSUMER.MSG.NEXT.COMMANDS.bridge-mallory", '{"batch":1,"no_wait":true}', "no message"],
    ["$JS.API.CONSUMER.MSG.NEXT.COMMANDS.bridge-mallory", "{", "a refusal"],
    ["$JS.API.CONSUMER.INFO.COMMANDS.bridge-mallory", "", "facts"],
    ["$JS.ACK.COMMANDS.bridge-mallory.1.1.1.1.0", "+ACK", "nothing"],
    ["tools.call.mallory", '{"tool":"list_agents","request_id":"r-1"}', "an answer"],
    ["tools.call.mallory", "{", "an answer"],
  ];
  const replies = [
    ...["shutdown", "command", "message", "heartbeat", "status", "receipt", "event"].map(
      (topic) => `agent.bob.${topic}`,
    ),
    ...["shutdown", "command", "message"].map((topic) => `agent.mallory.${topic}`),
    "agent.carl.heartbeat",
    "tools.call.bob",
    "tools.call",
    "captain.broadcast",
    "captain.decision",
    "fleet.reservations",
    "dashboard.alert",
    "dashboard.state",
    "audit.checkpoint",
    "audit.tools.bob",
    "$KV.agents.bob",
    "$KV.requests.OWN",
    "$KV.serve.cursor",
    "$KV.serve.lease",
    "$KV.serve.alert.stray",
    "$JS.API.STREAM.PURGE.AUDIT",
    "$JS.API.STREAM.DELETE.COMMANDS",
    "$JS.API.STREAM.DELETE.KV_serve",
    "$JS.API.CONSUMER.DELETE.COMMANDS.bridge-bob",
    "$JS.API.CONSUMER.MSG.NEXT.COMMANDS.bridge-bob",
    "$JS.ACK.COMMANDS.bridge-bob.1.1.1.1.0",
    "_INBOX.bob.stray",
    "_INBOX.serve.stray",
  ];
  let ownRequest = "";
  beforeAll(async () => {
    const args = { question: "may I?", wait_s: 0 };
    const answer = await mallory.request("tools.call.mallory", body({ tool: "ask_human", arguments: args }));
    ownRequest = (answer.json() as { result: { request_id: string } }).result.request_id;
  });

  /** All that is not the attacker's own to change; the streams' counts are of the subjects that are not its own. */
  async function everythingElse() {
    const manager = await nats.serve.connection.jetstreamManager();
    const state = async (name: string) => {
      const { state } = await manager.streams.info(name, { subjects_filter: ">" });
      return Object.entries(state.subjects ?? {}).filter(
        ([subject]) =>
          !/^(audit\.\w+|agent)\.mallory|^dashboard\.alert|^\$KV\.(serve|agents\.mallory)/.test(subject),
      );
    };
    const { last_seen, status, commands } = bob() ?? {};
    const { num_pending, num_ack_pending, ack_floor } = (await consumerOf("bob")) ?? {};
    return {
      streams: await Promise.all(["COMMANDS", "AUDIT", "KV_agents", "KV_requests", "KV_serve"].map(state)),
      consumer: { num_pending, num_ack_pending, ack_floor },
      bob: { last_seen, status, commands },
      carl: server.fleet.get(parseAgentId("carl")),
      ownRequest: server.requests.get(ownRequest),
    };
  }

  test.each(replies)("nothing that answers it says anything on %s", async (named) => {
    const reply = named.replace("OWN", ownRequest);
    const heard: string[] = [];
    const ours = /"instance":|"audit_seq":|"alert_id":|"revision":/;
    const listening = nats.serve.connection.subscribe(reply, {
      callback: (_, message) => {
        if (!ours.test(message.string())) heard.push(`${message.headers?.code ?? ""} ${message.string()}`);
      },
    });
    await nats.serve.flush();
    const before = await everythingElse();
    for (const [subject, text] of asking) {
      mallory.publish(subject, text, { reply });
      await mallory.flush();
    }
    // Each answers in order: by what it answers to its own inbox afterwards, it has dealt with those before.
    for (const [subject, text] of asking) {
      if (!subject.startsWith("$JS.ACK")) await mallory.request(subject, text, { timeout: 60_000 });
    }
    await nats.serve.flush();
    listening.unsubscribe();
    expect(heard).toEqual([]);
    expect(await everythingElse()).toEqual(before);
  });

  test("its own stop, not acknowledged, cannot be turned to another", async () => {
    await server.sendCommand({ id: parseAgentId("mallory"), type: "stop", from: "eve" });
    nats.serve.publish("agent.mallory.command", { type: "stop", command_id: "plain-stop" });
    await waitFor(async () => ((await consumerOf("mallory"))?.num_pending ?? 0) >= 2, {
      what: "two stops for mallory",
    });
    const next = "$JS.API.CONSUMER.MSG.NEXT.COMMANDS.bridge-mallory";
    const batch = body({ batch: 10, no_wait: true });
    for (const reply of ["agent.bob.command", "captain.broadcast", "_INBOX.bob.stray"])
      mallory.publish(next, batch, { reply });
    const own = mallory.subscribe("_INBOX.mallory.own", { max: 2 });
    mallory.publish(next, batch, { reply: "_INBOX.mallory.own" });
    for await (const stop of own) expect(stop.json()).toMatchObject({ type: "stop" });
    expect(await consumerOf("bob")).toMatchObject({ num_pending: 0, num_ack_pending: 0 });
    expect(bob()?.commands).toEqual([]);
  });
});

test("another's command stays where it is, and unread", async () => {
  const { command_id } = await server.sendCommand({
    id: parseAgentId("bob"),
    type: "task",
    text: "secret",
    from: "eve",
  });
  for (const subject of [
    "$JS.API.CONSUMER.MSG.NEXT.COMMANDS.bridge-bob",
    "$JS.API.STREAM.MSG.GET.COMMANDS",
  ]) {
    const answer = mallory.request(subject, body({ batch: 1, last_by_subj: "agent.bob.command" }), {
      timeout: 300,
    });
    await expect(answer).rejects.toThrow();
  }
  const own = await mallory.request("tools.call.mallory", body({ tool: "check_inbox", arguments: {} }));
  expect(own.string()).not.toContain("secret");
  expect(own.string()).not.toContain(command_id);
  expect(await consumerOf("bob")).toMatchObject({ num_pending: 1, num_ack_pending: 0 });
});

test("a body that speaks for another is refused, and so is a call without an id", async () => {
  const before = server.health().malformed;
  const asBob = body({ tool: "report_status", agent_id: "bob", arguments: { status: "idle" } });
  const answer = await mallory.request("tools.call.mallory", asBob);
  expect(answer.json()).toMatchObject({ success: false, error: expect.stringContaining('"bob"') });
  mallory.publish("agent.mallory.heartbeat", body({ agent_id: "bob", status: "stopped" }));
  await waitFor(() => server.health().malformed >= before + 2, { what: "both are counted" });
  const isRefused = () =>
    server.alerts.open().some(({ kind, agent_id }) => kind === "refused" && agent_id === "mallory");
  await waitFor(isRefused, { what: "the alert" });
  expect(bob()?.status).not.toBe("stopped");
});

describe("its role", () => {
  test.each([
    ["broadcast", { text: "I lead now" }],
    ["command_agent", { id: "bob", type: "stop" }],
    ["decide", { request_id: "guess", decision: "approve", reason: "I say so" }],
  ])("%s is refused, whatever its heartbeat says of it", async (tool, args) => {
    mallory.publish(
      "agent.mallory.heartbeat",
      body({ agent_id: "mallory", role: "captain", instance_id: "m-2" }),
    );
    await waitFor(() => server.fleet.get(parseAgentId("mallory"))?.heartbeat?.instance_id === "m-2", {
      what: "the heartbeat that lies",
    });
    const answer = await mallory.request(
      "tools.call.mallory",
      body({ tool, role: "captain", arguments: args }),
    );
    expect(answer.json()).toMatchObject({ success: false });
    expect(bob()?.axes.control.value).toBe("running");
  });
});
