// A program of others, with the plain NATS client, and the agents as it sees them. One server with credentials for all tests of this file.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { connect, credsAuthenticator, type Msg, type NatsConnection, type NatsError } from "nats";
import { peerCredsPath, revokePeer } from "../../../src/credentials/peers.ts";
import { keysDirOf } from "../../../src/data-dir/data-dir.ts";
import type { CommandRecord } from "../../../src/domain/receipts.ts";
import type { AgentId } from "../../../src/domain/wire/agent-id.ts";
import { silentLogger as log } from "../../../src/log.ts";
import type { Server } from "../../../src/server/server.ts";
import { agentOn, type TestAgent } from "../../support/agent-fixture.ts";
import { ada, bob } from "../../support/agents.ts";
import { startPeerServer } from "../../support/peer-server.ts";
import { patienceMs, until } from "../../support/wait-for.ts";

const { parts, dir, keys, natsUrl, bus, server, openProtocol, connectPeer } = await startPeerServer();
const protocol = openProtocol();
const caller = await connectPeer({ name: "ci" });
afterAll(() => parts.disposeAsync());

interface Task {
  readonly command_id: string;
  readonly token: string;
  readonly from: string;
  readonly payload: { readonly text: string };
}

/** An agent that does with each task what `work` says. */
function startAgent(id: AgentId, work: (task: Task, agent: Worker) => Promise<void>, heartbeat: object = {}) {
  const run = crypto.randomUUID();
  const store = async (topic: string, body: object) => {
    await bus.publishStored(`agent.${id}.${topic}`, { agent_id: id, instance_id: run, ...body });
  };
  let entries = 0;
  const say = async (kind: string, text: string) => {
    entries += 1;
    await store("transcript", { ...{ entry_id: `${run}-${entries}`, session_id: run, kind, text } });
  };
  const receipt = (task: Task, state: string, more: object = {}) =>
    store("receipt", { command_id: task.command_id, token: task.token, state, run, ...more });
  const agent: Worker = { ...agentOn(bus, id), store, say, receipt };
  bus.subscribe(`agent.${id}.command`, ({ data }) => {
    const task = JSON.parse(new TextDecoder().decode(data)) as Task;
    void receipt(task, "delivered")
      .then(() => receipt(task, "injected", { route: "stream-json" }))
      .then(() => work(task, agent));
  });
  const facts = {
    status: "idle",
    instance_id: run,
    seq: 1,
    interval_s: 3_600,
    host: hostname(),
    ...heartbeat,
  };
  bus.publish(`agent.${id}.heartbeat`, facts);
}

interface Worker extends TestAgent {
  store(topic: string, body: object): Promise<void>;
  say(kind: string, text: string): Promise<void>;
  receipt(task: Task, state: string, more?: object): Promise<void>;
}

interface Info {
  readonly id: string;
  readonly version: string;
  readonly metadata: Record<string, string>;
  readonly endpoints: ReadonlyArray<{
    name: string;
    subject: string;
    queue_group: string;
    metadata?: object;
  }>;
}

/** The agents that a caller finds, by their sessions. */
async function discover(connection: NatsConnection): Promise<Map<string, Info>> {
  const found = new Map<string, Info>();
  try {
    for await (const answer of await connection.requestMany("$SRV.INFO.agents", "", { maxWait: 300 })) {
      const info = answer.json<Info>();
      found.set(info.metadata.session ?? "", info);
    }
  } catch (error) {
    expect((error as NatsError).code).toBe("503"); // no agent is there
  }
  return found;
}

interface Answered {
  readonly texts: string;
  readonly statuses: readonly string[];
  readonly queries: readonly string[];
  readonly error: readonly [code: string, text: string] | undefined;
}

/** Prompts an agent, as a client of the protocol does. Resolves at the end of the stream. */
async function prompt(
  connection: NatsConnection,
  id: string,
  body: unknown,
  answer: (query: string) => string | Promise<string> = () => "",
  statuses: string[] = [],
): Promise<Answered> {
  const inbox = `_INBOX.agents.${crypto.randomUUID()}`;
  const subscription = connection.subscribe(inbox);
  const [texts, queries]: [string[], string[]] = [[], []];
  let error: Answered["error"];
  const take = async (message: Msg) => {
    const { type, data } = message.json<{ type: string; data: never }>();
    if (type === "response") {
      texts.push(data);
      heard.push(data);
    } else if (type === "status") statuses.push(data);
    else {
      const query = data as { prompt: string; reply_subject: string };
      queries.push(query.prompt);
      connection.publish(query.reply_subject, await answer(query.prompt));
    }
  };
  const ended = (async () => {
    for await (const message of subscription) {
      if (message.headers !== undefined && message.headers.keys().length > 0) {
        const [code, text] = ["Nats-Service-Error-Code", "Nats-Service-Error"].map((name) =>
          message.headers?.get(name),
        );
        expect(message.data).toHaveLength(0);
        error = [code ?? "", text ?? ""];
      } else if (message.data.length === 0) return;
      else void take(message);
    }
  })();
  const data = typeof body === "string" ? body : JSON.stringify(body);
  connection.publish(`agents.prompt.cliai.kim-lee.${id}`, data, { reply: inbox });
  const timer = setTimeout(() => subscription.unsubscribe(), patienceMs);
  await ended;
  clearTimeout(timer);
  subscription.unsubscribe();
  return { texts: texts.join(""), statuses, queries, error };
}

/** All that callers have been answered so far. */
const heard: string[] = [];
const openRequests = (of: Server) => of.requests.open().map(({ question }) => question);

beforeAll(async () => {
  startAgent(ada, async (task, agent) => {
    const { text } = task.payload;
    await agent.say("prompt", text);
    await agent.receipt(task, "seen");
    if (text.startsWith("fail")) {
      await agent.receipt(task, "failed", { detail: "the model's server\nrefuses the key" });
      return;
    }
    let words = `You said: ${text}`;
    if (text.startsWith("ask")) {
      const asked = { question: "Which file?", choices: ["README.md", "all"], wait_s: 60 };
      words = `It is ${(await agent.result("ask_human", asked)).answer}.`;
    }
    if (text.startsWith("permit")) {
      const asked = { tool: "Bash", input: JSON.stringify({ command: "make" }), wait_s: 60 };
      words = JSON.stringify(await agent.result("request_permission", asked));
    }
    await agent.say("thinking", "not told");
    await agent.say("answer", "Let me see.");
    const isHeard = () => heard.includes("Let me see.");
    if (text === "count the words") await until("the caller hears it while the agent works", isHeard);
    await agent.store("event", { kind: "said", detail: words });
    await agent.receipt(task, "applied", { route: "turn" });
    // As with a real CLI, the end of its record comes after the receipt.
    await agent.say("answer", words);
  });
  // Without a transcript, and on another machine.
  startAgent(
    bob,
    async (task, agent) => {
      await agent.receipt(task, "seen");
      await agent.store("event", { kind: "said", detail: "12 words" });
      await agent.receipt(task, "applied", { route: "acknowledge", detail: "counted" });
    },
    { host: "elsewhere" },
  );
  await until("both agents are announced", async () => (await discover(caller)).size === 2);
});

describe("openAgentProtocol()", () => {
  test("announces each agent as a micro service, with what the protocol wants", async () => {
    const found = await until("both agents are found", async () => {
      const all = await discover(caller);
      return all.size === 2 && all;
    });
    const info = found.get("ada");
    expect(info).toMatchObject({
      ...{ name: "agents", version: "1.2.3" },
      metadata: { agent: "cliai", owner: "kim-lee", session: "ada", protocol_version: "0.3" },
      endpoints: [
        {
          ...{ name: "prompt", subject: "agents.prompt.cliai.kim-lee.ada", queue_group: "agents" },
          metadata: { max_payload: "8MB", attachments_ok: "true" },
        },
        { name: "status", subject: "agents.status.cliai.kim-lee.ada", queue_group: "agents" },
      ],
    });
    expect(found.get("bob")?.endpoints[0]?.metadata).toMatchObject({ attachments_ok: "false" });
    const ping = await caller.request(`$SRV.PING.agents.${info?.id}`, "", { timeout: patienceMs });
    expect(ping.json()).toMatchObject({ name: "agents", id: info?.id });
    const status = await caller.request("agents.status.cliai.kim-lee.ada", "", { timeout: patienceMs });
    expect(status.json()).toMatchObject({
      ...{ agent: "cliai", owner: "kim-lee", session: "ada", instance_id: info?.id },
      ...{ interval_s: 30, protocol_version: "0.3", status: "idle", busy: false },
      ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
  });

  test("makes a task of a prompt, and streams what the agent answers, up to its last words", async () => {
    const { texts, statuses, error } = await prompt(caller, "ada", "count the words");
    expect({ texts, error }).toEqual({ texts: "Let me see.\n\nYou said: count the words", error: undefined });
    expect([...new Set(statuses)]).toEqual(["ack", "delivered", "injected", "seen"]);
    const order = server.fleet.get(ada)?.commands.at(-1);
    expect(order).toMatchObject({ type: "task", from: "ci (peer)", summary: "count the words" });
  });

  test("tells the words of an agent that has no transcript", async () => {
    expect(await prompt(caller, "bob", { prompt: "count" })).toMatchObject({ texts: "12 words" });
  });

  test("asks the caller what the agent asks, again if its answer is none, and signs the answer with its name", async () => {
    const answers = ["7", "2"];
    const { texts, queries } = await prompt(caller, "ada", "ask me", () => answers.shift() ?? "");
    expect(texts).toEndWith("It is all.");
    expect(queries[0]).toBe("Which file?\n1. README.md\n2. all");
    expect(queries[1]).toStartWith("request ");
    expect(queries[1]).toContain("7 is not one of them. Asked again:\nWhich file?");
    expect(server.requests.all().at(-1)?.answer).toMatchObject({ by: "ci (peer)", text: "all" });
  });

  test("asks for a permission only those who may permit; for others a person decides", async () => {
    const asked = prompt(caller, "ada", "permit it");
    const request = await until("the request is there", () => server.requests.open()[0]);
    await server.requests.answer(request.request_id, { approved: false }, "kim (page)");
    expect((await asked).queries).toEqual([]);
    const trusted = await connectPeer({ name: "trusted", mayPermit: true });
    await until("it finds the agents", async () => (await discover(trusted)).size === 2);
    const { queries } = await prompt(trusted, "ada", "permit it", () => "yes");
    expect(queries).toEqual([expect.stringContaining("Answer yes or no")]);
    expect(server.requests.all().at(-1)?.answer).toMatchObject({ by: "trusted (peer)", approved: true });
    expect(openRequests(server)).toEqual([]);
  });

  test("stores attachments in the agent's folder under clean names, and tells it where", async () => {
    const attachments = [{ filename: "../../keys/a b.txt", content: btoa("hello") }];
    const { texts, error } = await prompt(caller, "ada", { prompt: "read it", attachments });
    expect(error).toBeUndefined();
    const path = texts.split("\n").at(-1) ?? "";
    expect(path).toStartWith(join(dir.path, "agents", "ada", "attachments"));
    expect(path).toEndWith("a_b.txt");
    expect(await readFile(path, "utf8")).toBe("hello");
    const refused = await prompt(caller, "bob", { prompt: "read it", attachments });
    expect(refused).toMatchObject({
      statuses: [],
      error: ["400", expect.stringContaining("another machine")],
    });
  });

  test("answers what is no prompt, and a task that has failed, with an error and the end", async () => {
    expect((await prompt(caller, "ada", "")).error).toEqual(["400", "the prompt is empty"]);
    expect((await prompt(caller, "ada", "{bad")).error?.[0]).toBe("400");
    const failed = await prompt(caller, "ada", "fail it");
    expect(failed.statuses).toContain("seen");
    expect(failed.error).toEqual(["500", "the task has failed: the model's server | refuses the key"]);
  });

  test("works on one prompt of an agent after another, and acknowledges those that wait", async () => {
    const statuses: string[] = [];
    let second: Promise<Answered> | undefined;
    const first = await prompt(caller, "ada", "ask first", async () => {
      second = prompt(caller, "ada", "second", undefined, statuses);
      await until("the second is acknowledged", () => statuses.length > 0);
      return "all";
    });
    expect(first.texts).toEndWith("It is all.");
    expect((await second)?.texts).toEndWith("You said: second");
    expect([...new Set(statuses)]).toEqual(["ack", "delivered", "injected", "seen"]);
  });

  test("shows a peer only its agents, and lets it do nothing else", async () => {
    const few = await connectPeer({ name: "few", agents: [bob] });
    const found = await until("it finds an agent", async () => {
      const all = await discover(few);
      return all.size > 0 && [...all.keys()];
    });
    expect(found).toEqual(["bob"]);
    for (const subject of ["agents.prompt.cliai.kim-lee.ada", "agents.status.cliai.kim-lee.ada"])
      await expect(few.request(subject, "hello", { timeout: patienceMs })).rejects.toThrow("503");
    const refused: string[] = [];
    void (async () => {
      for await (const { type, data } of few.status()) if (type === "error") refused.push(String(data));
    })();
    for (const subject of ["agent.bob.command", "tools.call.bob", "$JS.API.STREAM.NAMES", "serve.fleet"])
      few.publish(subject, "{}");
    await few.flush();
    await until("all are refused", () => refused.length === 4);
  });

  test("ends a peer that is revoked at once", async () => {
    const gone = await connectPeer({ name: "gone" });
    await until("it finds the agents", async () => (await discover(gone)).size === 2);
    const creds = await readFile(peerCredsPath(dir.path, "gone"));
    expect(await revokePeer(dir.path, keys, "gone", log)).toBe(true);
    await gone.closed();
    const again = connect({
      ...{ servers: natsUrl, reconnect: false },
      authenticator: credsAuthenticator(creds),
    });
    await expect(again).rejects.toThrow("Authorization Violation");
  });

  test("makes no task of a prompt that waits when its peer is revoked, and tells that at once", async () => {
    const late = await connectPeer({ name: "late" });
    await until("it finds the agents", async () => (await discover(late)).size === 2);
    let second: Answered | undefined;
    const first = await prompt(caller, "ada", "ask early", async () => {
      const statuses: string[] = [];
      const waiting = prompt(late, "ada", "late", undefined, statuses);
      await until("it is acknowledged", () => statuses.length > 0);
      // As by revokePeer(), but the connection stays, so that it can be seen what is told.
      await rm(join(keysDirOf(dir.path), "peers", "late.json"));
      second = await waiting;
      return "all";
    });
    expect(second?.error).toEqual(["500", "the prompt was not given to ada: this peer is no longer served"]);
    expect(first.texts).toEndWith("It is all.");
    // This one would wait behind it.
    expect((await prompt(caller, "ada", "third")).texts).toEndWith("You said: third");
    const senders = server.fleet.get(ada)?.commands.map(({ from }) => from);
    expect(senders).not.toContain("late (peer)");
  });

  test("answers open prompts with an error when serve ends, and the task goes on", async () => {
    let ending: Promise<void> | undefined;
    const { error } = await prompt(caller, "ada", "ask at the end", async () => {
      ending = protocol.disposeAsync();
      await ending;
      return "all";
    });
    await ending; // which goes on after the prompt was told
    expect(error?.[0]).toBe("500");
    expect(error?.[1]).toStartWith("this peer is no longer served; the task goes on");
    expect((await discover(caller)).size).toBe(0);
    // Not the last order: the answer to the agent's question comes after it.
    const isTask = ({ summary }: CommandRecord) => summary === "ask at the end";
    const state = () => server.fleet.get(ada)?.commands.find(isTask)?.receipts.at(-1)?.state;
    await until("the task goes on", () => state() === "seen");
    const [request] = server.requests.open();
    await server.requests.answer(request?.request_id ?? "", { text: "all" }, "kim (page)");
    await until("the task is over", () => state() === "applied");
    await until("its last words are stored", async () => {
      const { entries } = await server.transcripts.read(ada, { limit: 1 });
      return entries.at(-1)?.text === "It is all.";
    });
  });
});
