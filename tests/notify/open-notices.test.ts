// Notices and hooks over one real nats-server, with agents that speak plain NATS. A server that is stopped and started again is the restart of
// serve.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Notice } from "../../src/domain/notices/notice.ts";
import type { AgentRequest } from "../../src/domain/requests.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { type OpenNotices, openNotices, type Told } from "../../src/notify/open-notices.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { stays, until } from "../support/wait-for.ts";
import { startWebhookReceiver, type WebhookReceiver } from "../support/webhook-receiver.ts";

const url = "http://dashboard.test";
let dir: TempDir;
let run: TestServer;
let notices: OpenNotices;
let receiver: WebhookReceiver;
const options = () => ({
  ...{ dataDir: dir.path, url, env: process.env, version: "9.9.9" },
  waitMs: () => 50,
  restsForMs: 100,
  answerPath: ({ request_id }: AgentRequest, name: string) => `/answer?by=${name}&request=${request_id}`,
});

beforeAll(async () => {
  dir = await tempDir();
  receiver = await startWebhookReceiver();
  run = await startTestServer({
    insecure: true,
    openNotices: async (inside) => {
      notices = await openNotices(inside, options());
      return notices.stop;
    },
  });
});
afterAll(async () => {
  await run?.[Symbol.asyncDispose]();
  await receiver?.[Symbol.asyncDispose]();
  await dir?.[Symbol.asyncDispose]();
});

/** A hook that appends its input to a file of its name, and fails if a file `fail` is there. */
const append = (name: string, on: readonly string[]) => ({
  on,
  command: [
    process.execPath,
    "-e",
    `const fs = require("fs"); fs.appendFileSync(${JSON.stringify(name)}, fs.readFileSync(0)); if (fs.existsSync("fail")) { console.error("told to fail"); process.exit(7); }`,
  ],
});
function setHooks(hooks: object): void {
  writeFileSync(dir.join("next.json"), JSON.stringify(hooks), { mode: 0o600 });
  renameSync(dir.join("next.json"), dir.join("hooks.json"));
}
/** What the hook of this name was given. */
function told(name: string): (Omit<Notice, "path"> & { link: string })[] {
  if (!existsSync(dir.join(name))) return [];
  const lines = readFileSync(dir.join(name), "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Omit<Notice, "path"> & { link: string });
}
const toldOf = (name: string, agent: string) => told(name).filter(({ agent_id }) => agent_id === agent);

async function consumers(): Promise<string[]> {
  const manager = await run.bus.connection.jetstreamManager();
  const names: string[] = [];
  for await (const { name } of manager.consumers.list("NOTICES")) names.push(name);
  return names.filter((name) => name.startsWith("hook-")).sort();
}
const failures = () => run.server.alerts.open().filter(({ kind }) => kind === "hook_failed");

/** The agent is online, at work or after it. */
async function work(name: string, status: "working" | "idle"): Promise<void> {
  beat(name);
  await run.bus.publishStored(`agent.${name}.status`, { status, instance_id: `run-${name}` });
  await until(status, () => run.server.fleet.get(parseAgentId(name))?.axes.activity.value === status);
  // No agent works for less than the twentieth of a second in which changes are told together.
  if (status === "working") await until("it is noted", async () => (await atWork()).includes(name));
}
/** The agents at work, as the next serve will read it. */
async function atWork(): Promise<readonly string[]> {
  const bucket = await run.bus.connection.jetstream().views.kv("serve");
  return (await bucket.get("notices.at_work"))?.json<string[]>() ?? [];
}
/** Nobody hears a heartbeat while no server runs: the next one comes then. */
function beat(name: string): void {
  run.bus.publish(`agent.${name}.heartbeat`, { instance_id: `run-${name}`, interval_s: 60 });
}
/** The agent is online and says that it has an error, which is a need. */
async function err(name: string, message: string): Promise<void> {
  beat(name);
  await run.bus.publishStored(`agent.${name}.status`, {
    ...{ status: "error", message, instance_id: `run-${name}` },
  });
}

describe("openNotices()", () => {
  test("runs a hook once for a need, with the notice and its link; a hook that is added counts at once", async () => {
    setHooks({ errors: append("errors", ["error"]), asks: append("asks", ["needs_you"]) });
    await until("the consumers", async () => (await consumers()).length === 2);
    await err("ann", "disk full");
    await until("the hook", () => toldOf("errors", "ann").length > 0);
    expect(toldOf("errors", "ann")).toMatchObject([
      {
        kind: "error",
        need: "error",
        title: "ann has an error",
        text: "disk full",
        link: `${url}/agents/ann`,
      },
    ]);
    expect(told("asks")).toEqual([]);
    await until("the hook's end", () => notices.list().some(({ last_at }) => last_at !== null));
  });

  test("what happens while no serve runs is told by the next one, and nothing twice", async () => {
    const before = toldOf("errors", "ann").length;
    run = await run.restart(async () => {
      await err("ben", "no network");
    });
    beat("ben");
    await until("the hook", () => toldOf("errors", "ben").length > 0);
    await err("cy", "later");
    await until("the next", () => toldOf("errors", "cy").length > 0);
    expect(toldOf("errors", "ann").length).toBe(before);
    expect(toldOf("errors", "ben").length).toBe(1);
  });

  test("a hook that fails is an alert in words, which ends when it works again", async () => {
    writeFileSync(dir.join("fail"), "");
    await err("dan", "x");
    await until("the alert", () => failures().length === 1);
    expect(failures()[0]?.message).toBe("hook errors: exit code 7: told to fail");
    renameSync(dir.join("fail"), dir.join("no-fail"));
    await err("eve", "x");
    await until("its end", () => failures().length === 0);
  });

  test("a wrong entry is an alert and leaves the others; a removed hook loses its place; a file that is no JSON changes nothing", async () => {
    const good = append("errors", ["error"]);
    setHooks({ errors: good, asks: { on: ["needs_you"], command: "x" } });
    await until("the alert", () => failures()[0]?.message.includes('"asks.command" must be a list'));
    expect(await consumers()).toEqual(["hook-asks", "hook-errors"]);
    setHooks({ errors: good });
    await until("its end", () => failures().length === 0);
    await until("the consumer's end", async () => (await consumers()).join() === "hook-errors");
    writeFileSync(dir.join("hooks.json"), "{");
    await until("the alert", () => failures()[0]?.message.includes("hooks.json:1:2 is not JSON"));
    await err("fay", "still told");
    await until("the hook", () => toldOf("errors", "fay").length === 1);
    setHooks({ errors: good, ends: append("ends", ["done", "all_done"]) });
    await until("both", async () => (await consumers()).join() === "hook-ends,hook-errors");
    expect(failures()).toEqual([]);
  });

  test("tells the end of each agent's work, and of all, also over a restart of serve; not while one needs a person", async () => {
    await work("gil", "working");
    await work("hal", "working");
    await work("gil", "idle");
    await until("gil is done", () => toldOf("ends", "gil").length === 1);
    expect(told("ends").map(({ kind }) => kind)).toEqual(["done"]);
    // Those with errors are heard no more, and need a person: there is no end of all work yet.
    await work("hal", "idle");
    await until("hal is done", () => toldOf("ends", "hal").length === 1);
    const isAllDone = () => told("ends").some(({ kind }) => kind === "all_done");
    expect(isAllDone()).toBe(false);
    await work("hal", "working");
    for (const name of ["ann", "ben", "cy", "dan", "eve", "fay"]) {
      await run.bus.publishStored(`agent.${name}.status`, { status: "stopped", instance_id: `run-${name}` });
    }
    await until("no need", () => run.server.fleet.list().every(({ needs }) => needs.length === 0));
    await until("hal alone is noted as at work", async () => (await atWork()).join() === "hal");
    run = await run.restart();
    await work("hal", "idle");
    await until("all are done", isAllDone);
    expect(told("ends").filter(({ kind }) => kind === "all_done")).toMatchObject([
      { title: "All agents are done", text: "hal", link: `${url}/` },
    ]);
    await stays(() => told("ends").filter(({ kind }) => kind === "all_done").length === 1, {
      ...{ what: "told once", because: "the agents are looked at each second", forMs: 1_200 },
    });
  });
});

interface Body {
  readonly id: string;
  readonly count: number;
  readonly title: string;
  readonly text: string;
  readonly link: string;
  readonly notices: readonly (Omit<Notice, "path"> & { link: string; answer_link?: string })[];
}
const bodyOf = ({ body }: { body: string }) => JSON.parse(body) as Body;
/** The agents of whom the receiver was told, one for each time. */
const tellings = () => receiver.taken.flatMap((each) => bodyOf(each).notices.map(({ agent_id }) => agent_id));
function setTargets(targets: object): void {
  writeFileSync(dir.join("next.json"), JSON.stringify({ targets }), { mode: 0o600 });
  renameSync(dir.join("next.json"), dir.join("notify.json"));
}
const ops = (fields: object = {}) => ({
  ops: {
    url: `${receiver.url}/T0KENA/in?key=K3Y0BB`,
    secret: "whsec_c2VjcmV0",
    on: ["error"],
    every_s: 0,
    ...fields,
  },
});
const isTold = () =>
  until("ops is told", () => notices.list().some(({ name, error }) => name === "ops" && error === null));
const notifyAlert = () => run.server.alerts.open().find(({ kind }) => kind === "notify_failed")?.message;

describe("openNotices(), with webhooks", () => {
  test("sends a signed webhook with a deep link", async () => {
    setTargets(ops());
    await until("the target", () => notices.list().some(({ name }) => name === "ops"));
    await err("web1", "disk full");
    await until("the webhook", () => tellings().includes("web1"));
    const [webhook] = receiver.taken;
    const { headers, body = "", path } = webhook ?? {};
    expect(path).toBe("/T0KENA/in?key=K3Y0BB");
    expect(bodyOf({ body })).toMatchObject({
      ...{ count: 1, title: "web1 has an error", text: "disk full", link: `${url}/agents/web1` },
      notices: [{ kind: "error", agent_id: "web1", link: `${url}/agents/web1` }],
    });
    const id = headers?.["webhook-id"];
    expect(id).toBe(bodyOf({ body }).notices[0]?.notice_id);
    const signed = `${id}.${headers?.["webhook-timestamp"]}.${body}`;
    const signature = createHmac("sha256", "secret").update(signed).digest("base64");
    expect(headers).toMatchObject({ "webhook-signature": `v1,${signature}`, "user-agent": "cliai/9.9.9" });
  });

  test("a receiver that refuses connections, also over a restart of serve, gets each notice once when it is back", async () => {
    await receiver.down();
    await err("web2", "x");
    await until("the alert", () => notifyAlert()?.includes("cannot be reached: ECONNREFUSED"));
    run = await run.restart(() => err("web3", "x"));
    beat("web3");
    await err("web4", "x");
    await until("it waits", () => (notices.list().find(({ name }) => name === "ops")?.waiting ?? 0) >= 3);
    await receiver.up();
    await until("all", () => ["web2", "web3", "web4"].every((name) => tellings().includes(name)));
    expect(
      tellings()
        .filter((name) => /web[234]/.test(name ?? ""))
        .sort(),
    ).toEqual(["web2", "web3", "web4"]);
    await isTold();
    await until("its end", () => notifyAlert() === undefined);
  });

  test("an answer of 500 is tried again with the same id, and what came meanwhile is told together", async () => {
    receiver.answer({ status: 500, text: "no T0KENA" });
    const before = receiver.received.length;
    await err("web5", "x");
    await until("tries", () => receiver.received.length >= before + 3);
    expect(notifyAlert()).toBe(`target ops: ${receiver.url} answered 500: no ***`);
    for (let n = 0; n < 12; n += 1) await err(`storm${n}`, "x");
    await until("they wait", () => (notices.list().find(({ name }) => name === "ops")?.waiting ?? 0) >= 13);
    const ids = new Set(receiver.received.slice(before).map(({ headers }) => headers["webhook-id"]));
    expect(ids.size).toBe(1);
    const takenBefore = receiver.taken.length;
    receiver.answer({ status: 200 });
    await until("all", () => tellings().includes("storm11"));
    const bodies = receiver.taken.slice(takenBefore).map(bodyOf);
    expect(bodies.map(({ count }) => count)).toEqual([1, 12]);
    expect(bodies[1]).toMatchObject({ title: "12 have errors", link: `${url}/inbox` });
    expect(bodies[1]?.text.split("\n").at(-1)).toBe("and 4 more");
  });

  test("a receiver that does not answer in time is tried again, and one that calls a notice invalid does not hold up the others", async () => {
    setTargets(ops({ timeout_s: 1 }));
    receiver.answer("never");
    let tries = 0;
    await until("the new settings", async () => {
      tries += 1;
      await err(`web6-${tries}`, "x");
      return notifyAlert()?.includes("has not answered within 1 s");
    });
    receiver.answer({ status: 422, text: "key=K3Y0BB is wrong" });
    await until(
      "the loss is told",
      () => (notices.list().find(({ name }) => name === "ops")?.dropped ?? 0) > 0,
    );
    expect(notices.list()[0]?.error).toBe(`${receiver.url} answered 422: key=*** is wrong`);
    receiver.answer({ status: 200 });
    await err("web7", "x");
    await until("the next", () => tellings().includes("web7"));
  });

  test("of several notices that are told together, only the one that the receiver calls invalid is dropped", async () => {
    const droppedBefore = notices.list().find(({ name }) => name === "ops")?.dropped ?? 0;
    receiver.answer({ status: 500 });
    for (const name of ["bad1", "good1", "good2"]) await err(name, "x");
    await until("they wait", () => (notices.list().find(({ name }) => name === "ops")?.waiting ?? 0) >= 3);
    receiver.answer((body) => ({ status: body.includes("bad1") ? 422 : 200 }));
    await until("the others", () => ["good1", "good2"].every((name) => tellings().includes(name)));
    await until(
      "the loss is told",
      () => notices.list().find(({ name }) => name === "ops")?.dropped === droppedBefore + 1,
    );
  });

  test("what is answered with 200 is taken, also if the answer does not end", async () => {
    receiver.answer({ status: 200, isEndless: true });
    await err("endless", "x");
    await until("it is taken", () => notices.list().find(({ name }) => name === "ops")?.waiting === 0);
    receiver.answer({ status: 200 });
    await err("after", "x");
    await until("the next", () => tellings().includes("after"));
    expect(tellings().filter((name) => name === "endless").length).toBe(1);
  });

  test("in quiet hours notices wait, and a test comes through", async () => {
    const at = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
    setTargets(ops({ quiet: { from: at(-1), to: at(2), time_zone: "UTC" }, on: ["error", "stuck"] }));
    await until("the settings", () => notices.list().some(({ on }) => on.includes("stuck")));
    await err("web8", "x");
    await until("it waits", () => notices.list().find(({ name }) => name === "ops")?.waiting === 1);
    expect(tellings()).not.toContain("web8");
    const [tried] = await notices.test("ops");
    expect(tried).toMatchObject({ name: "ops", type: "target", ok: true, error: null });
    expect(bodyOf(receiver.taken.at(-1) ?? { body: "{}" })).toMatchObject({
      title: "A test from cliai",
      count: 1,
    });
    setTargets(ops());
    await until("it is told", () => tellings().includes("web8"));
  });

  test("only a target that is allowed to gets links that answer, of the allowed requests alone; none to what is answered already", async () => {
    const ask = async (agent: string, tool: string, args: object) => {
      beat(agent);
      const call = { request_id: crypto.randomUUID(), tool, arguments: { wait_s: 0, ...args } };
      const answer = await run.bus.request(`tools.call.${agent}`, call, { timeoutMs: 60_000 });
      return JSON.parse(new TextDecoder().decode(answer)).result.request_id as string;
    };
    const noticeOf = (id: string) => {
      const bodies = receiver.taken.map(bodyOf);
      return bodies.flatMap(({ notices }) => notices).find(({ request_id }) => request_id === id);
    };
    const toldTo = async (id: string) => {
      await until("it is told", () => noticeOf(id) !== undefined);
      return noticeOf(id)?.answer_link;
    };
    const settings = async (fields: object, isThere: (told: Told | undefined) => boolean) => {
      setTargets(ops({ on: ["needs_you"], ...fields }));
      await until("the settings", () => isThere(notices.list().find(({ name }) => name === "ops")));
    };
    await settings({}, (told) => told?.on.includes("needs_you") === true);
    expect(await toldTo(await ask("asker", "ask_human", { question: "red?" }))).toBeUndefined();
    await settings({ answer_links: ["question"] }, (told) => told?.answers?.join() === "question");
    const id = await ask("asker", "ask_human", { question: "blue?" });
    expect(await toldTo(id)).toBe(`${url}/answer?by=ops&request=${id}`);
    const permission = { tool: "Bash", input: JSON.stringify({ command: "ls" }) };
    expect(await toldTo(await ask("asker", "request_permission", permission))).toBeUndefined();
    // While the receiver is away, the question is answered elsewhere.
    receiver.answer({ status: 500 });
    const other = await ask("asker", "ask_human", { question: "green?" });
    await until("it is tried", () => receiver.received.some(({ body }) => body.includes(other)));
    await run.server.requests.answer(other, { text: "no" }, "kim");
    receiver.answer({ status: 200 });
    expect(await toldTo(other)).toBeUndefined();
  });

  test("while a page is in front a notice waits; when it has gone, only what still stands is told; a target may be told all the same", async () => {
    setTargets({
      ...ops(),
      all: { url: `${receiver.url}/all`, on: ["error"], every_s: 0, in_front: "tell" },
    });
    await until("the settings", () => notices.list().some(({ name }) => name === "all"));
    notices.noteInFront("page-1", true);
    const before = receiver.taken.length;
    const since = () => receiver.taken.slice(before);
    const toldIn = (path: string) =>
      since().flatMap((each) =>
        each.path.startsWith(path) ? bodyOf(each).notices.map(({ agent_id }) => agent_id) : [],
      );
    await err("front1", "x");
    await err("front2", "x");
    await until("they are told elsewhere", () => toldIn("/all").length === 2);
    expect(toldIn("/T0KENA")).toEqual([]);
    await run.bus.publishStored("agent.front1.status", { status: "working", instance_id: "run-front1" });
    await until("its end", () => run.server.fleet.get(parseAgentId("front1"))?.needs.length === 0);
    notices.noteInFront("page-1", false);
    await until("the other is told", () => toldIn("/T0KENA").length > 0);
    expect(toldIn("/T0KENA")).toEqual(["front2"]);
    setTargets(ops());
    await until("the settings", () => !notices.list().some(({ name }) => name === "all"));
  });

  test("lists who is told, and what is wrong, without secrets", async () => {
    setTargets({ ...ops(), bad: { url: "ftp://x", secret: "s3cr3t" } });
    await until("it", () => notices.list().some(({ name }) => name === "bad"));
    const list = notices.list();
    expect(list.find(({ name }) => name === "ops")).toMatchObject({
      ...{
        type: "target",
        to: receiver.url,
        on: ["error"],
        waiting: 0,
        error: null,
        last_at: expect.any(String),
      },
    });
    expect(list.find(({ name }) => name === "bad")).toMatchObject({ type: "wrong" });
    expect(list.find(({ name }) => name === "errors")).toMatchObject({ type: "hook", to: process.execPath });
    expect(JSON.stringify([list, run.server.alerts.open()])).not.toMatch(/T0KENA|K3Y0BB|s3cr3t|c2VjcmV0/);
    await expect(notices.test("opps")).rejects.toMatchObject({ code: "usage", hint: "did you mean ops?" });
  });
});
