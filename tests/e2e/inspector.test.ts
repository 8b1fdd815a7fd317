// An independent MCP client, the Inspector's command line, drives the program's bridge; the fleet shows it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isToolName } from "../../src/domain/wire/tools/tools.ts";
import { bridgeEnv, fetchAgent } from "../support/bridges.ts";
import { cliaiCommand, type RunningServe, startServe } from "../support/cliai.ts";
import { inspect } from "../support/mcp-inspector.ts";
import { waitFor } from "../support/wait-for.ts";

let serve: RunningServe;
beforeAll(async () => {
  serve = await startServe();
});
afterAll(() => serve[Symbol.asyncDispose]());

const envOf = (id: string) => bridgeEnv(serve, id);
const shownStates = async (id: string) =>
  (await fetchAgent(serve, id)).commands[0]?.receipts.map(({ state }) => state);

describe.each(["legacy", "modern"] as const)("by the %s protocol era", (era) => {
  const id = `insp-${era}`;
  const callTool = async (name: string, args: object = {}) => {
    const tool = { name, arguments: { ...args } };
    const result = await inspect([...cliaiCommand(), "bridge"], "tools/call", {
      era,
      tool,
      env: await envOf(id),
    });
    const { content, isError = false } = result as { content: { text: string }[]; isError?: boolean };
    return { isError, text: content.map(({ text }) => text).join("\n") };
  };

  test("tools/list gives the tools", async () => {
    const listed = await inspect([...cliaiCommand(), "bridge"], "tools/list", { era, env: await envOf(id) });
    const names = (listed as { tools: { name: string }[] }).tools.map(({ name }) => name);
    const called = ["report_status", "report_progress", "log_activity", "report_metrics"];
    called.push("check_inbox", "acknowledge", "list_agents", "send_message");
    expect(names).toEqual(expect.arrayContaining(called));
    expect(names.filter((name) => !isToolName(name))).toEqual([]);
  });

  test("each of these tools is answered, and does what it says", async () => {
    const ok = (text: string) => ({ isError: false, text });
    expect(await callTool("report_status", { status: "working", current_task: "look around" })).toEqual(
      ok("status recorded: working"),
    );
    expect(await fetchAgent(serve, id)).toMatchObject({ current_task: "look around", cli: "inspector-cli" });
    expect(await callTool("report_progress", { percent: 40, note: "halfway" })).toEqual(
      ok("progress recorded"),
    );
    expect(await callTool("log_activity", { action: "read the code" })).toEqual(ok("activity recorded"));
    expect(await callTool("report_metrics", { tokens_used: 1200 })).toEqual(ok("metrics recorded"));
    expect(await callTool("list_agents")).toEqual(ok(expect.stringContaining(id)));

    const sent = await serve.run(["send", "task", id, "tidy up", "--wait", "stored", "--json"]);
    const { command_id } = JSON.parse(sent.stdout) as { command_id: string };
    expect(await callTool("check_inbox")).toEqual(ok(expect.stringContaining(command_id)));
    await waitFor(async () => (await shownStates(id))?.includes("injected"), { what: "the inbox is taken" });
    expect(await callTool("acknowledge", { command_id, outcome: "applied" })).toEqual(
      ok("recorded as applied"),
    );
    // `delivered` may come last: the order itself takes another way than the inbox.
    await waitFor(async () => (await shownStates(id))?.length === 4, { what: "it is applied" });
    expect((await shownStates(id))?.toSorted()).toEqual(["applied", "delivered", "injected", "stored"]);

    const message = await callTool("send_message", { to: id, text: "a note to myself" });
    expect(message).toEqual(ok(expect.stringContaining('"stored": true')));
    expect(await fetchAgent(serve, id)).toMatchObject({
      progress: { percent: 40, note: "halfway" },
      usage: { tokens_used: 1200 },
    });
  });

  test("a tool that fails is a result that says so, and a tool that is not there an error", async () => {
    const failed = await callTool("acknowledge", { command_id: "none", outcome: "applied" });
    expect(failed).toEqual({ isError: true, text: expect.stringContaining('no command "none"') });
    await expect(callTool("explode")).rejects.toThrow("explode");
  });
});
