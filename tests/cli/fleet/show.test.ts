// What `cliai show` prints of one agent. The state is the last known one, so that no server is needed.
import { describe, expect, test } from "bun:test";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { showCommand } from "../../../src/cli/fleet/show.ts";
import type { AgentRecord } from "../../../src/domain/fleet/agent-record.ts";
import { ago, alive, beatOf, now, orderOf, recordOf, saidOf } from "../../support/agent-records.ts";
import { testContext } from "../../support/cli-context.ts";
import { tempDir } from "../../support/temp-dir.ts";

async function show(fields: Partial<AgentRecord>, json = false): Promise<readonly string[]> {
  await using dir = await tempDir();
  await mkdir(dir.join("data"));
  await writeFile(dir.join("data", "fleet.json"), JSON.stringify({ agents: [recordOf(fields)] }));
  await utimes(dir.join("data", "fleet.json"), now, now);
  const context = testContext({ now: () => now, json });
  const shown = showCommand.run(
    ["ada", "--data-dir", dir.join("data"), ...(json ? ["--json"] : [])],
    context,
  );
  await expect(shown).rejects.toMatchObject({ code: "server_unreachable" });
  return context.printed;
}
/** The value beside a name in the list of facts; undefined if the list does not have it. */
const fact = (lines: readonly string[], name: string) =>
  lines
    .find((line) => line.startsWith(`  ${name} `))
    ?.slice(name.length + 2)
    .trim();

describe("cliai show", () => {
  test("says of when the state is, and prints each axis with its reason and age", async () => {
    const lines = await show({ ...alive, said: saidOf("blocked", 30, { message: "no key" }) });
    expect(lines[0]).toStartWith("as of ");
    expect(lines[1]).toStartWith("ada  ▲ stuck");
    const axes = lines.slice(2, 6).map((line) => line.trim().split(/ {2,}/));
    expect(axes).toEqual([
      ["link", "online", "heartbeat in time, 5 s ago"],
      ["activity", "waiting", "says no key, 30 s ago"],
      ["control", "running", "nothing else was asked"],
      ["attention", "stuck", "no key, 30 s ago"],
    ]);
  });

  test("says what a person can do below the axis that asks for it", async () => {
    const heartbeat = beatOf(5, { waits_at_terminal: "it may ask for a login", terminal_closed: true });
    const lines = await show({ heartbeat });
    const place = lines.findIndex((line) => line.includes("attention"));
    expect(lines[place + 1]?.trim()).toEndWith("cliai attach ada");
  });

  test("says why it needs a person, also of one that died", async () => {
    const needs = async (fields: Partial<AgentRecord>) => fact(await show(fields), "needs you");
    expect(await needs(alive)).toBeUndefined();
    const session = { started_at: ago(90), last_event_at: ago(60), tools: [], turn: { since: ago(70) } };
    const died = { heartbeat: beatOf(60), session, said: saidOf("crashed", 50, { message: "SIGKILL" }) };
    expect(await needs(died)).toBe("died: while working: SIGKILL");
  });

  test("tells whose word the task is, how old, and that it may be over", async () => {
    const task = async (fields: Partial<AgentRecord>) => fact(await show(fields), "task");
    expect(await task(alive)).toBe("no task yet");
    const own = { current_task: "dig", task_at: ago(60), said: saidOf("working", 60) };
    expect(await task({ ...alive, ...own })).toBe("dig (as it reports, 1 min ago)");
    expect(await task({ ...alive, ...own, said: saidOf("stopped", 5) })).toEndWith("may be over)");
    const ordered = { ...orderOf("task", { state: "seen", at: ago(30) }), summary: "climb", from: "ann" };
    expect(await task({ ...alive, commands: [ordered] })).toStartWith("climb (ordered by ann, ");
  });

  test("leaves out what is not known, and prints nothing that the terminal would obey", async () => {
    const lines = await show({ ...alive, last_words: { text: "\u001b[2Jdone", at: ago(60) } });
    expect(fact(lines, "progress")).toBeUndefined();
    expect(fact(lines, "session")).toBeUndefined();
    expect(fact(lines, "queue")).toBeUndefined();
    expect(fact(lines, "last heard")).toBe("never");
    expect(fact(lines, "said")).toEndWith("done (1 min ago)");
    expect(lines.join("\n")).not.toContain("\u001b");
  });

  test("says why what is queued waits", async () => {
    const waiting = { ...alive, commands: [orderOf("task", { state: "stored", at: ago(9) })] };
    expect(fact(await show(waiting), "queue")).toBe("1 waiting");
    const heartbeat = beatOf(5, { waits_because: "its user is typing" });
    expect(fact(await show({ ...waiting, heartbeat }), "queue")).toBe("1 waiting: its user is typing");
  });

  test("names the branch of the agent's worktree, if it has one", async () => {
    const heartbeat = beatOf(5, { worktree_branch: "cliai/ada" });
    expect(fact(await show({ heartbeat }), "worktree")).toBe("of its own, made on the branch cliai/ada");
    expect(fact(await show(alive), "worktree")).toBeUndefined();
  });

  test("names the way back only for an agent that does not run, and that of its own program for one that cliai did not launch", async () => {
    const ended = { said: saidOf("ended", 5), heartbeat: beatOf(9, { agent_cli: "claude" }) };
    expect(fact(await show(ended), "go on")).toBe("cliai resume ada");
    expect(fact(await show({ said: saidOf("ended", 5), heartbeat: beatOf(9) }), "go on")).toStartWith(
      "start its own program again",
    );
    expect(fact(await show(alive), "go on")).toBeUndefined();
  });

  test("lists the orders with how far they came, and says where a task went as the words of another session", async () => {
    const task = (route: string) => ({
      ...orderOf("task", { state: "injected", at: ago(9), route }),
      ...{ command_id: "0123456789abcdef", summary: "dig" },
    });
    const orders = async (...commands: AgentRecord["commands"]) => {
      const lines = await show({ ...alive, commands });
      return lines.slice(lines.indexOf("  commands") + 1).map((line) => line.trim());
    };
    const framing = "its CLI shows it as the words of another session, not of its user";
    const [socket, note] = await orders(task("messaging-socket"));
    expect(socket).toMatch(/^\d\d:\d\d:00\.000 {2}01234567 {2}task {2}injected.* from me: dig$/);
    expect(note).toBe(framing);
    expect(await orders(task("stream-json"))).toHaveLength(1);
    expect(await orders({ ...task("messaging-socket"), type: "message" })).toHaveLength(1);
    expect((await orders(orderOf("pause")))[0]).toContain("  pause  ");
  });

  test("makes no order of receipts alone: nothing shows that it was ever sent", async () => {
    const madeUp = { ...orderOf("task", { state: "seen", at: ago(9) }), command_id: "made-up" };
    const unknown = { ...madeUp, from: "unknown", stream_seq: 0 };
    const note = "  known only by receipts of this agent, and maybe never sent: made-up";
    const lines = await show({ ...alive, commands: [unknown] });
    expect(lines.at(-1)).toBe(note);
    expect(lines).not.toContain("  commands");
    const both = await show({ ...alive, commands: [unknown, orderOf("pause")] });
    expect(both.slice(both.indexOf("  commands") + 1)).toEqual([
      expect.stringContaining("  pause  "),
      "",
      note,
    ]);
  });

  test("as JSON has the whole view with its age, and no order's secret", async () => {
    const secret = { ...orderOf("task"), token: "s3cret" };
    const [line = ""] = await show({ ...alive, commands: [secret] }, true);
    const { agent_id, status, as_of } = JSON.parse(line);
    expect({ agent_id, status, as_of }).toEqual({
      agent_id: "ada",
      status: "connected",
      as_of: now.toISOString(),
    });
    expect(line).not.toContain("s3cret");
  });
});

test("cliai show says that budgets are not known where no server tells them", async () => {
  expect(fact(await show(alive), "budget")).toBe("not known: only cliai serve knows what was spent");
});
