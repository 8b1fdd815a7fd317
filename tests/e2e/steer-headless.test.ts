// A headless session of the real Claude Code: tasks are its turns, its end is a stop, its usage comes from its own results.
import { expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { type RunningServe, startServe, untilApplied } from "../support/cliai.ts";
import { type ModelServer, startModelServer } from "../support/model-server.ts";
import {
  acknowledgesTasks,
  bash,
  type Headless,
  lifeOf,
  slowBash,
  startHeadless,
} from "../support/steered-claude.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const aPage = { url: "http://127.0.0.1:1/", prompt: "what is there?" };

function startHal(serve: RunningServe, model: ModelServer, task: string, tools = "Bash"): Promise<Headless> {
  const claudeArgs = ["--permission-mode", "default", "--allowedTools", tools];
  // Without it, a tool that Claude's rules do not allow would be asked for in the inbox.
  const profile = { permissions: "cli" };
  return startHeadless(serve, { ...{ id: "hal", model, claudeArgs, profile }, args: ["--task", task] });
}

/** Kind, tool and words of each event that tells of a tool, oldest first. */
async function toolEvents(serve: RunningServe): Promise<unknown[]> {
  const { stdout } = await serve.run(["audit", "--agent", "hal", "--json"]);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line).message)
    .filter(({ kind }) => String(kind).startsWith("tool_"))
    .map(({ kind, tool, detail }) => [kind, tool, detail]);
}

test("it begins with its task, takes more as turns while busy and idle, reports its usage, and ends when stopped", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  model.setScript({
    rules: [
      { match: "rest first", once: true, turn: slowBash(4, "rested") },
      acknowledgesTasks,
      { match: /rested|recorded as applied/, turn: { text: "Done as asked." } },
      { match: "just say so", turn: { text: "Said." } },
    ],
  });
  await using hal = await startHal(serve, model, "rest first");
  await hal.until("its tool runs", ({ axes }) => axes.activity.reason === "runs Bash");
  const send = (id: string) => serve.run(["send", "task", "hal", "go on", "--id", id, ...untilApplied]);
  expect(await send("t1")).toMatchObject({ code: 0 });
  const first = await hal.until("t1 is applied", (agent) => lifeOf(agent, "t1").length === 5);
  expect(lifeOf(first, "t1").slice(2)).toEqual(["injected by stream-json", "seen", "applied by acknowledge"]);
  await hal.until("its turn is over", ({ status }) => status === "idle");

  expect(await send("t2")).toMatchObject({ code: 0 });
  const second = await hal.until("it has its usage", ({ usage }) => (usage?.estimated_cost ?? 0) > 0);
  expect(second.usage).toMatchObject({ source: "results", tokens_used: expect.any(Number) });
  // What the agent does not acknowledge ends with its turn.
  model.setScript({ fallback: { text: "Said." } });
  expect(await send("t3")).toMatchObject({ code: 0 });
  const third = await hal.until("t3 is applied", (agent) => lifeOf(agent, "t3").length === 5);
  expect(lifeOf(third, "t3").at(-1)).toBe("applied by result");

  const stop = await serve.run(["send", "stop", "hal", "--id", "s1", ...untilApplied]);
  expect(stop).toMatchObject({ code: 0 });
  await hal.child.exit();
  await hal.until("it is stopped", ({ status }) => status === "stopped");
});

test("its tools are seen to begin, end, fail and be forbidden, and a pause holds the next until it is let go", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  const text = { text: "Done." };
  const tools = [bash("true"), bash("exit 3"), { toolUses: [{ name: "WebFetch", input: aPage }] }];
  model.setScript({
    rules: [{ match: "the held one", once: true, turn: bash("echo let go") }],
    turns: [...tools, text],
    fallback: text,
  });
  await using hal = await startHal(serve, model, "begin");
  const turnOver = async (requests: number) => {
    await waitFor(() => model.requests.filter(({ isSide }) => !isSide).length >= requests, {
      what: `${requests} requests to the model`,
    });
    await hal.until("its turn is over", ({ status }) => status === "idle");
  };
  await turnOver(4);
  expect(await toolEvents(serve)).toEqual([
    ["tool_start", "Bash", "true"],
    ["tool_end", "Bash", "true"],
    ["tool_start", "Bash", "exit 3"],
    ["tool_failed", "Bash", "Exit code 3"],
    // No rule allows it: it begins and is never run.
    ["tool_start", "WebFetch", aPage.url],
    ["tool_denied", "WebFetch", "no rule allows it"],
  ]);

  expect(await serve.run(["send", "pause", "hal", ...untilApplied])).toMatchObject({
    code: 0,
  });
  expect(
    await serve.run(["send", "task", "hal", "the held one", "--wait", "seen", "--timeout", "80"]),
  ).toMatchObject({
    code: 0,
  });
  await hal.until("its call is held", ({ axes }) => axes.control.value === "paused");
  expect((await toolEvents(serve)).length).toBe(6);
  expect(await serve.run(["send", "resume", "hal", ...untilApplied])).toMatchObject({
    code: 0,
  });
  await turnOver(6);
  expect((await toolEvents(serve)).slice(6)).toEqual([
    ["tool_start", "Bash", "echo let go"],
    ["tool_end", "Bash", "echo let go"],
  ]);
});

test("the tools of a subagent, and of that one's own, are seen as its session's own are", async () => {
  await using serve = await startServe();
  await using model = await startModelServer();
  const subagent = (prompt: string) => ({
    toolUses: [{ name: "Task", input: { subagent_type: "general-purpose", description: prompt, prompt } }],
  });
  model.setScript({
    rules: [
      { match: "begin", once: true, turn: subagent("look closely") },
      { match: "look closely", once: true, turn: subagent("look into it") },
      { match: "look into it", once: true, turn: bash("echo looked") },
    ],
    fallback: { text: "Done." },
  });
  await using _ = await startHal(serve, model, "begin", "Bash,Task");
  const isOver = async () => (await toolEvents(serve)).length >= 6;
  await waitFor(isOver, { what: "the tools' ends", saw: () => toolEvents(serve) });
  const events = (await toolEvents(serve)).map((each) => String(each)).sort();
  expect(events).toEqual(
    ["Agent,look closely", "Agent,look into it", "Bash,echo looked"]
      .flatMap((tool) => [`tool_start,${tool}`, `tool_end,${tool}`])
      .sort(),
  );
});

/** Says a release that takes hooks over its stream, and refuses them; `said` has what else it was told before. */
const refusesHooks = `#!/bin/sh
if [ "$1" = --version ]; then echo "2.1.330 (Claude Code)"; exit; fi
read -r line
exec 3<&0
cat <&3 > said & sleep 1; kill $!
id=$(printf %s "$line" | sed 's/.*"request_id":"\\([^"]*\\)".*/\\1/')
printf '{"type":"control_response","response":{"subtype":"error","request_id":"%s","error":"what hooks?"}}\n' "$id"
exec sleep 60
`;

test("a CLI that refuses the hooks of its stream is ended with an error, because nothing could hold it", async () => {
  await using serve = await startServe();
  await using dir = await tempDir();
  await writeFile(dir.join("claude"), refusesHooks, { mode: 0o755 });
  const env = { PATH: `${dir.path}:${process.env.PATH}` };
  const args = ["spawn", "--headless", "--id", "hal", "--task", "dig"];
  const { code, stderr } = await serve.run(args, { env, cwd: dir.path });
  expect(code).toBe(2);
  expect(stderr).toContain("error: claude refuses to call hooks over its stream: what hooks?\nhint: ");
  // Nor was it given its task.
  expect(await readFile(dir.join("said"), "utf8")).toBe("");
});
