import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { completionLines } from "../../../src/cli/completion/candidates.ts";
import { commands } from "../../../src/cli/frame/commands.ts";
import { testContext } from "../../support/cli-context.ts";
import { tempDir } from "../../support/temp-dir.ts";

const at = new Date().toISOString();
const record = (agent_id: string, more: object = {}) => ({
  ...{ agent_id, first_seen: at, commands: [], audit_seq: 0, commands_seq: 0, current_task: "dig", ...more },
});
const ask = { request_id: "q7f2", kind: "question", asked_at: at, summary: "red or blue?" };

/** The values, for the words behind `cliai` of which the last is under the cursor. */
async function valuesFor(...words: string[]): Promise<string[]> {
  await using dir = await tempDir();
  const agents = [record("ada", { requests: [ask] }), record("Snake-1234")];
  await writeFile(dir.join("fleet.json"), JSON.stringify({ agents }));
  const context = testContext({ env: { CLIAI_HOME: dir.path } });
  return (await completionLines(words, commands, context)).map((line) => line.split("\t")[0] ?? "");
}

describe("completionLines()", () => {
  test("completes commands, and no hidden one", async () => {
    expect(await valuesFor("sh")).toEqual(["show"]);
    expect(await valuesFor("h")).toEqual([]);
  });

  test.each<[string[], string[]]>([
    [
      ["show", ""],
      ["Snake-1234", "ada"],
    ],
    [["show", "S"], ["Snake-1234"]],
    [["show", "ada", ""], ["Snake-1234"]],
    [["send", "st"], ["stop"]],
    [
      ["send", "task", ""],
      ["Snake-1234", "ada"],
    ],
    [["send", "--wait", "seen", "task", "a"], ["ada"]],
    [["send", "task", "ada", ""], []],
    [["send", "stop", "ada", ""], ["Snake-1234"]],
    [["ls", "ada", ""], ["Snake-1234"]],
    [["clis", "clau"], ["claude"]],
    [["spawn", "demo", "--cli", "clau"], ["claude"]],
    [["ls", "--status", "cr"], ["crashed"]],
    [["conformance", "--agent-id", "a"], ["ada"]],
    [["ls", "--profile", "dem"], ["demo"]],
    [
      ["ls", "--sort", ""],
      ["need", "name", "heard", "cost"],
    ],
    [["watch", "--kind", "tool_f"], ["tool_failed"]],
    [["watch", "--agent", "a"], ["ada"]],
    [["agents", "remove", "ada", ""], ["Snake-1234"]],
    [["agents", "remove", "--en"], ["--ended"]],
    [["send", "task", "ada", "--wait", "de"], ["delivered"]],
    [["send", "task", "ada", "--wait", "=", "de"], ["delivered"]],
    [["send", "task", "ada", "--wait=de"], ["--wait=delivered"]],
    [["send", "task", "ada", "--wai=de"], []],
    [["spawn", "--cli=clau"], ["--cli=claude"]],
    [["send", "task", "ada", "--wai"], ["--wait"]],
    [["send", "task", "ada", "--all", "--al"], []],
    [
      ["answer", ""],
      ["ada", "q7f2"],
    ],
    [["answer", "q"], ["q7f2"]],
    [["agents", "rem"], ["remove"]],
    [
      ["agents", "r"],
      ["revoke", "remove"],
    ],
    [["agents", "rm", "a"], ["ada"]],
    [["agents", "rm", "--en"], ["--ended"]],
    [["stop", "ada", ""], ["Snake-1234"]],
    [["tell", "a"], ["ada"]],
    [["logs", "--fo"], ["--follow"]],
    [["approve", "a"], ["ada"]],
    [["kill", ""], []],
    [
      ["agents", "remove", ""],
      ["Snake-1234", "ada"],
    ],
    [
      ["token", "="],
      ["show", "url", "pair", "rotate", "add", "list", "revoke"],
    ],
    [["spawn", "dem"], ["demo"]],
    [["completion", "f"], ["fish"]],
    [["ls", "--data-dir", ""], []],
    [["nonsense", ""], []],
    [["spawn", "demo", "--", ""], []],
  ])("%j offers %j", async (words, values) => {
    expect(await valuesFor(...words)).toEqual(values);
  });

  test("an agent is described by its status and task; without a server's file there is none, and no error", async () => {
    await using dir = await tempDir();
    const context = testContext({ env: { CLIAI_HOME: dir.path } });
    expect(await completionLines(["show", ""], commands, context)).toEqual([]);
    await writeFile(dir.join("fleet.json"), JSON.stringify({ agents: [record("ada")] }));
    expect(await completionLines(["show", ""], commands, context)).toEqual(["ada\tstarting: dig"]);
    const elsewhere = ["show", "--data-dir", dir.path, ""];
    expect(await completionLines(elsewhere, commands, testContext())).toEqual(["ada\tstarting: dig"]);
  });

  test("cancel is offered the tasks and messages that wait, described without anything that steers the terminal", async () => {
    await using dir = await tempDir();
    const order = (command_id: string, type: string, state: string) => ({
      ...{ command_id, type, from: "eve", summary: "a\u001b[2Jb", stream_seq: 1, issued_at: at },
      receipts: [{ state, at }],
    });
    const orders = [
      order("t1", "task", "stored"),
      order("t2", "task", "applied"),
      order("p1", "pause", "stored"),
    ];
    await writeFile(
      dir.join("fleet.json"),
      JSON.stringify({ agents: [record("ada", { commands: orders })] }),
    );
    const context = testContext({ env: { CLIAI_HOME: dir.path } });
    expect(await completionLines(["cancel", ""], commands, context)).toEqual(["t1\tada: task a\ufffd[2Jb"]);
  });

  test("spawn is offered the profiles of profiles.json, too", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("profiles.json"), JSON.stringify({ tidy: { description: "tidies" } }));
    const context = testContext({ env: { CLIAI_HOME: dir.path } });
    expect(await completionLines(["spawn", "ti"], commands, context)).toEqual(["tidy\ttidies"]);
  });
});
