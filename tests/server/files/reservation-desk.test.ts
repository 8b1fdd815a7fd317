// What agents reserve and change, over a real nats-server: the tools, the hosts that hear of it, the messages and the alerts.
import { describe, expect, test } from "bun:test";
import { realpathSync, symlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { parseAgentId } from "../../../src/domain/wire/agent-id.ts";
import { decodeMessage } from "../../../src/domain/wire/decode.ts";
import { ToolResponseSchema } from "../../../src/domain/wire/tool-messages.ts";
import type { Bus } from "../../../src/nats/bus.ts";
import { askForReservations } from "../../../src/server/files/reservations-by-operator.ts";
import { ada } from "../../support/agents.ts";
import { host } from "../../support/hosted-session.ts";
import { startTestServer, type TestServer } from "../../support/test-server.ts";
import { waitFor } from "../../support/wait-for.ts";

async function call(bus: Bus, id: string, tool: string, args: object) {
  const body = { request_id: crypto.randomUUID(), tool, arguments: args, instance_id: `run-${id}` };
  return decodeMessage(
    ToolResponseSchema,
    await bus.request(`tools.call.${id}`, body, { timeoutMs: 60_000 }),
  );
}

/** An agent that is a program of its own, in the directory `/p`. */
async function connect({ server }: TestServer, bus: Bus, id: string, run = `run-${id}`): Promise<void> {
  const facts = { project_path: "/p", host: hostname(), instance_id: run, seq: 1 };
  bus.publish(`agent.${id}.heartbeat`, { status: "working", ...facts });
  await waitFor(
    () => server.fleet.list().some((each) => each.agent_id === id && each.heartbeat?.instance_id === run),
    { what: `${id} in the fleet` },
  );
}

const listed = async (bus: Bus, id: string) => {
  const { result } = await call(bus, "bob", "list_agents", {});
  const { agents } = result as { agents: Array<Record<string, unknown> & { agent_id: string }> };
  return agents.find(({ agent_id }) => agent_id === id);
};

const inboxOf = async (bus: Bus, id: string) => {
  const { result } = await call(bus, id, "check_inbox", {});
  return (result as { items: Array<{ from: string; text: string }> }).items;
};

const touched = (bus: Bus, id: string, files: readonly object[], more: object = {}) =>
  bus.publishStored(`agent.${id}.event`, {
    ...{ kind: "tool_end", tool: "Edit", instance_id: `run-${id}`, files, ...more },
  });

const alertsOf = ({ server }: TestServer) =>
  server.alerts
    .open()
    .flatMap(({ kind, agent_id, message }) => (kind === "same_file" ? [[agent_id as string, message]] : []));

describe("reservations", () => {
  test("are held by one agent, shown to all, given back by their holder only, kept over a restart, and end with their run", async () => {
    await using first = await startTestServer();
    const bus = await first.nats.bus();
    await connect(first, bus, "ada");
    await connect(first, bus, "bob");
    const parser = { paths: ["src/a.ts", "lib/**"], minutes: 30, why: "the parser" };
    expect(await call(bus, "ada", "reserve", parser)).toMatchObject({
      success: true,
      result: { reserved: ["/p/src/a.ts", "/p/lib"] },
    });
    const refused = await call(bus, "bob", "reserve", { ...parser, paths: ["lib/x.ts"] });
    expect(refused.error).toMatch(
      /^\/p\/lib\/x\.ts is reserved by ada until \d\d:\d\d UTC \("the parser"\); nothing was reserved; .*send_message/,
    );
    expect((await call(bus, "bob", "reserve", { ...parser, paths: ["*.ts"] })).error).toContain(
      '"*.ts" is a pattern that cannot be reserved; reserve a file',
    );
    expect((await call(bus, "bob", "release", { paths: ["lib"] })).error).toContain("not by you");
    expect(await listed(bus, "ada")).toMatchObject({
      reserved: [{ paths: ["/p/src/a.ts", "/p/lib"], why: "the parser", until: expect.any(String) }],
    });
    expect(await call(bus, "ada", "release", { paths: ["src/a.ts"] })).toMatchObject({
      result: { released: ["/p/src/a.ts"] },
    });

    const second = await first.restart();
    expect(await listed(bus, "ada")).toMatchObject({ reserved: [{ paths: ["/p/lib"] }] });
    // The runs that the last server knew have heard of it; new ones are told together, because each message goes to all hosts.
    let told = 0;
    bus.subscribe("fleet.reservations", () => {
      told += 1;
    });
    const newcomers = Array.from({ length: 12 }, (_, n) => `new-${n}`);
    await Promise.all(["ada", "bob", ...newcomers].map((id) => connect(second, bus, id)));
    await waitFor(() => told > 0, { what: "the new runs are told" });
    expect(told).toBeLessThan(newcomers.length / 2);
    await connect(second, bus, "ada", "another run");
    await waitFor(async () => (await listed(bus, "ada"))?.reserved === undefined, {
      what: "the reservation ends with its run",
    });
    expect(await call(bus, "bob", "reserve", { ...parser, paths: ["lib/x.ts"] })).toMatchObject({
      success: true,
    });
    await second[Symbol.asyncDispose]();
  });

  test("are enforced before a tool of a host whose profile says so, by the holder's name and through symbolic links, and only warned of by another", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    await connect(run, bus, "bob");
    await using strict = await host(run, { reservations: "enforce" });
    const root = realpathSync(strict.dir.path);
    await mkdir(join(root, "src"));
    symlinkSync(join(root, "src"), join(root, "link"));
    const edit = (path: string) => ({
      ...{ tool_name: "Edit", tool_use_id: crypto.randomUUID() },
      tool_input: { file_path: path, old_string: "1", new_string: "2" },
    });
    const before = (path: string, of = strict) => of.hook("PreToolUse", edit(path));
    expect(await before(join(root, "src/a.ts"))).toEqual({});

    const src = { paths: [join(root, "src")], minutes: 30, why: "the parser" };
    expect(await call(bus, "bob", "reserve", src)).toMatchObject({ success: true });
    const denial = await waitFor(
      async () => {
        const answer = (await before("link/new.ts")) as { hookSpecificOutput?: Record<string, string> };
        return answer.hookSpecificOutput;
      },
      { what: "the host has heard of it" },
    );
    expect(denial).toEqual({
      hookEventName: "PreToolUse",
      permissionDecision: "deny",
      permissionDecisionReason: expect.stringMatching(
        new RegExp(`^${join(root, "src/new.ts")} is reserved by bob until .* has not run .*send_message`),
      ),
    });
    expect(await before(join(root, "other.ts"))).toEqual({});
    expect(await strict.hook("PreToolUse", { ...edit("src/a.ts"), tool_name: "Read" })).toEqual({});

    await using lax = await host(run, { agentId: parseAgentId("cleo"), instanceId: "run-cleo" });
    const reported: Array<{ reserved_by?: string }> = [];
    bus.subscribe("agent.cleo.event", ({ data }) => {
      reported.push(...((JSON.parse(new TextDecoder().decode(data)) as { files?: object[] }).files ?? []));
    });
    // By what it reports, it has heard of the reservation; and still it denies nothing.
    await waitFor(
      async () => {
        const call = edit(join(root, "src/a.ts"));
        expect(await lax.hook("PreToolUse", call)).toEqual({});
        await lax.hook("PostToolUse", { ...call, tool_response: {} });
        return reported.some(({ reserved_by }) => reserved_by === "bob");
      },
      { what: "the other host has heard of it" },
    );
    expect(await before(join(root, "src/a.ts"), lax)).toEqual({});
    await call(bus, "bob", "release", src);
    await waitFor(async () => Object.keys((await before("src/a.ts")) as object).length === 0, {
      what: "the host has heard that it is released",
    });
  });
});

test("an agent with a worktree of its own is told that it reserves only files of that one; another worktree's are free", async () => {
  await using run = await startTestServer();
  const bus = await run.nats.bus();
  for (const id of ["ada", "bob"]) {
    await connect(run, bus, id);
    const facts = { status: "idle", instance_id: `run-${id}`, seq: 2 };
    const own = { project_path: `/p.worktrees/${id}`, worktree_branch: `cliai/${id}` };
    bus.publish(`agent.${id}.heartbeat`, { ...facts, ...own });
    const ofId = () => run.server.fleet.list().find(({ agent_id }) => agent_id === id);
    await waitFor(() => ofId()?.project_path === own.project_path, { what: `${id} is there` });
  }
  const wanted = { paths: ["src/a.ts"], minutes: 30, why: "the parser" };
  for (const id of ["ada", "bob"]) {
    expect(await call(bus, id, "reserve", wanted)).toMatchObject({
      success: true,
      result: {
        reserved: [`/p.worktrees/${id}/src/a.ts`],
        note: expect.stringMatching(/files of your own worktree: .* not reserve\. .* meet at the merge\.$/),
      },
    });
  }
});

test("the operator lists what is reserved, and releases what an agent holds, which is told of it", async () => {
  await using run = await startTestServer();
  const bus = await run.nats.bus();
  await connect(run, bus, "ada");
  const operator = { by: "kim" };
  expect(await askForReservations(bus, operator)).toEqual([]);
  await call(bus, "ada", "reserve", { paths: ["src", "/q/a.ts"], minutes: 5, why: "the parser" });
  expect(await askForReservations(bus, operator)).toMatchObject([
    { agent_id: "ada", paths: ["/p/src", "/q/a.ts"], why: "the parser" },
  ]);
  const released = await askForReservations(bus, { ...operator, release: ada });
  expect(released).toMatchObject([{ paths: ["/p/src", "/q/a.ts"] }]);
  expect(await askForReservations(bus, operator)).toEqual([]);
  expect(await inboxOf(bus, "ada")).toMatchObject([
    { from: "kim", text: expect.stringContaining("is released: /p/src, /q/a.ts.") },
  ]);
  const again = askForReservations(bus, { ...operator, release: ada });
  expect(await again.catch(String)).toContain("ada has reserved nothing");
});

describe("two agents in one file", () => {
  const shop = { root: "/shop", repository: "/shop/.git" };
  const file = { path: "/shop/src/a.ts", ...shop };

  test("are both told by a message, and the operator by an alert, once for the pair and the file, also over a restart", async () => {
    await using first = await startTestServer();
    const bus = await first.nats.bus();
    await connect(first, bus, "ada");
    await connect(first, bus, "bob");
    await touched(bus, "ada", [file]);
    await touched(bus, "bob", [{ path: "/shop/src/b.ts", ...shop }, file]);
    const told = await waitFor(() => alertsOf(first).length > 0 && alertsOf(first), { what: "the alert" });
    expect(told).toEqual([
      ["bob", expect.stringMatching(/^ada and bob have changed \/shop\/src\/a\.ts within/)],
    ]);
    expect(await inboxOf(bus, "ada")).toMatchObject([
      { from: "bob", text: expect.stringContaining("Notice of cliai: bob has just changed /shop/src/a.ts") },
    ]);
    expect(await inboxOf(bus, "bob")).toMatchObject([
      { from: "ada", text: expect.stringMatching(/ada changed \/shop\/src\/a\.ts .* before you did/) },
    ]);
    expect(await listed(bus, "bob")).toMatchObject({ changed_lately: ["/shop/src/a.ts", "/shop/src/b.ts"] });

    const second = await first.restart();
    await touched(bus, "ada", [file]);
    await touched(bus, "bob", [file]);
    // Another file, which comes after it: only of that one they are told.
    await touched(bus, "ada", [{ ...file, path: "/shop/src/b.ts" }]);
    const items = await waitFor(
      async () => {
        const found = await inboxOf(bus, "ada");
        return found.length > 0 && found;
      },
      { what: "they are told of the other file" },
    );
    expect(items.map(({ text }) => /\/shop\S+/.exec(text)?.[0])).toEqual(["/shop/src/b.ts"]);
    await second[Symbol.asyncDispose]();
  });

  test("in two worktrees of one repository hear a softer word; a reserved file is told of by its holder's name", async () => {
    await using run = await startTestServer();
    const bus = await run.nats.bus();
    await connect(run, bus, "ada");
    await connect(run, bus, "bob");
    await touched(bus, "ada", [file]);
    await touched(bus, "bob", [{ ...file, root: "/wt/bob", path: "/wt/bob/src/a.ts" }]);
    await waitFor(() => alertsOf(run).length > 0, { what: "the alert" });
    expect(alertsOf(run)).toEqual([
      [
        "bob",
        "ada and bob have changed src/a.ts in two worktrees of /shop/.git: the changes will meet at the merge",
      ],
    ]);
    expect(await inboxOf(bus, "bob")).toMatchObject([
      { text: expect.stringContaining("Nothing is overwritten, but the two changes will meet at the merge") },
    ]);
    await inboxOf(bus, "ada");

    await touched(bus, "bob", [{ path: "/shop/src/c.ts", ...shop, reserved_by: "ada" }]);
    const items = await waitFor(
      async () => {
        const found = await inboxOf(bus, "ada");
        return found.length > 0 && found;
      },
      { what: "the holder is told" },
    );
    expect(items).toMatchObject([{ from: "bob", text: expect.stringContaining("which you have reserved") }]);
    expect(await inboxOf(bus, "bob")).toMatchObject([
      { from: "ada", text: expect.stringContaining("which ada has reserved") },
    ]);
    // A run that has said goodbye works on nothing any more.
    bus.publish("agent.ada.status", { status: "ended", instance_id: "run-ada" });
    await waitFor(() => run.server.fleet.get(ada)?.status === "ended", { what: "ada has ended" });
    await touched(bus, "bob", [file]);
    await waitFor(async () => (await listed(bus, "bob"))?.changed_lately?.toString().startsWith(file.path), {
      what: "the change is read",
    });
    expect(await inboxOf(bus, "bob")).toEqual([]);
  });
});
