// Some agents of a fleet: `ls` with a filter, its ids in a pipe, and `agents remove --ended`, which asks before.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { fetchAgent, startBridge } from "../support/bridges.ts";
import { startChild } from "../support/child.ts";
import { cliaiCommand, type RunningServe, startServe } from "../support/cliai.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startTmux } from "../support/tmux.ts";
import { waitFor } from "../support/wait-for.ts";

let serve: RunningServe;
beforeAll(async () => {
  serve = await startServe();
});
afterAll(() => serve[Symbol.asyncDispose]());

const shows = (id: string, status: string) =>
  waitFor(async () => (await fetchAgent(serve, id)).status === status, { what: `${id} is ${status}` });
const ids = async (...flags: string[]) => (await serve.run(["ls", "-q", ...flags])).stdout;

/** An agent that has been stopped. */
async function stopped(id: string): Promise<void> {
  await using agent = await startBridge(serve, id);
  expect((await serve.run(["send", "stop", id])).code).toBe(0);
  await agent.exit();
  await shows(id, "stopped");
}

test("ls lists the agents that are asked for, and -q their ids alone, for send", async () => {
  await using ada = await startBridge(serve, "ada");
  await using bea = await startBridge(serve, "bea");
  await using _cy = await startBridge(serve, "cy");
  await initialize(ada);
  await callTool(ada, 1, "report_status", { status: "working" });
  await shows("ada", "working");
  expect(await serve.run(["ls", "-q"])).toMatchObject({ code: 0, stdout: "ada\nbea\ncy\n", stderr: "" });
  expect(await ids("cy", "ada")).toBe("ada\ncy\n");
  expect(await ids("--status", "working")).toBe("ada\n");
  expect(await ids("--profile", "demo")).toBe("ada\nbea\ncy\n");
  expect(await ids("--profile", "coder")).toBe("");
  expect(await ids("--project", process.cwd())).toBe("ada\nbea\ncy\n");
  expect(await ids("--project", "/")).toBe("");
  expect(JSON.parse(await ids("--json", "ada", "bea"))).toEqual(["ada", "bea"]);
  expect(await serve.run(["tag", "bea", "+api", "+night", "-night"])).toMatchObject({
    code: 0,
    stdout: "api\n",
  });
  expect(await ids("--filter", "tag:api")).toBe("bea\n");
  expect(await ids("--filter", "-tag:api status:working,idle")).toBe("ada\ncy\n");
  const filtered = ["--filter", "tag:api", "--wait", "stored"];
  expect(await serve.run(["send", "pause", ...filtered])).toMatchObject({
    code: 0,
    stderr: "pause to bea\n",
  });
  expect((await serve.run(["send", "resume", ...filtered])).code).toBe(0);
  const table = await serve.run(["ls", "ada"]);
  expect(table.stdout).toContain("● working");
  expect(table.stdout).not.toMatch(/^(bea|cy) /m);
  const none = await serve.run(["ls", "--status", "stuck"]);
  expect(none).toMatchObject({
    ...{ code: 0, stdout: "" },
    stderr: "none of the 3 known agents matches; list all: cliai ls --all\n",
  });
  const unknown = await serve.run(["ls", "ada", "beo"]);
  expect(unknown).toMatchObject({ code: 2, stdout: "" });
  expect(unknown.stderr).toBe('error: no agent "beo"\nhint: did you mean bea?\n');

  // None is stopped where one of them is not there.
  expect(await serve.run(["send", "stop", "ada", "beo"])).toMatchObject({ code: 2, stdout: "" });
  const [command, ...first] = cliaiCommand();
  const cliai = [command, ...first].join(" ");
  const script = `${cliai} ls -q ada bea | xargs ${cliai} send stop --json`;
  const env = { PATH: process.env.PATH, CLIAI_HOME: serve.dataDir, HOME: "/nonexistent" };
  await using shell = await startChild("sh", ["-c", script], { env });
  const { code, stdout } = await shell.exit();
  expect(code).toBe(0);
  for (const id of ["ada", "bea"])
    expect(stdout).toMatch(new RegExp(`"agent_id":"${id}","state":"delivered"`));
  expect([(await ada.exit()).code, (await bea.exit()).code]).toEqual([0, 0]);
  expect((await fetchAgent(serve, "cy")).axes.link.value).toBe("online");
  for (const id of ["ada", "bea"]) await shows(id, "stopped");
  expect(await ids("--status", "stopped")).toBe("ada\nbea\n");
});

test("agents remove --ended removes none that runs, and asks before; without a terminal it wants --yes", async () => {
  await using dir = await tempDir();
  await stopped("dan");
  await using _ = await startBridge(serve, "eve");
  const known = async () => (await ids("--all")).split("\n").filter((id) => id === "dan" || id === "eve");

  const early = await serve.run(["agents", "rm", "--ended", "--older-than", "1h", "--yes"]);
  expect(early).toMatchObject({
    code: 0,
    stdout: "",
    stderr: "no agent that has ended was last heard of before that time\n",
  });
  const alone = await serve.run(["agents", "rm", "--ended"]);
  expect(alone).toMatchObject({ code: 2, stdout: "" });
  expect(alone.stderr).toContain("error: cannot ask without a terminal: remove ");
  expect(alone.stderr).toEndWith("hint: add --yes if you are sure\n");
  const ask = async (answer: string) => {
    const commandLine = [...cliaiCommand(), "agents", "remove", "--ended", "--data-dir", serve.dataDir];
    const env = { PATH: process.env.PATH ?? "", TERM: "xterm-256color" };
    await using terminal = await startTmux({ dir: dir.path, cwd: dir.path, env, commandLine });
    const screen = await terminal.waitFor("with queue, credentials and files? [y/N]");
    expect(screen).toMatch(/^dan +■ stopped/m);
    expect(screen).not.toMatch(/^eve /m);
    await terminal.enter(answer);
    expect(await terminal.exit()).toBe(0);
    return await terminal.screen();
  };
  expect(await ask("no")).toContain("nothing was removed");
  expect(await known()).toEqual(["dan", "eve"]);
  expect(await ask("y")).toContain("dan: removed");
  expect(await known()).toEqual(["eve"]);

  await stopped("dan");
  const removed = await serve.run(["agents", "rm", "--ended", "--yes", "--json"]);
  expect(removed).toMatchObject({ code: 0, stdout: '{"agent_id":"dan","removed":true}\n', stderr: "" });
  expect(await serve.run(["agents", "rm", "--ended", "--yes"])).toMatchObject({
    ...{ code: 0, stdout: "", stderr: "no agent has ended\n" },
  });
  expect(await known()).toEqual(["eve"]);
});
