// Profiles of a person's own: each key does what it says with the real Claude Code, an edit counts at the next launch, and a
// project's file counts only once a person has trusted it.
import { expect, test } from "bun:test";
import { mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fetchAgent } from "../support/bridges.ts";
import { claudeEnvironment } from "../support/claude-code.ts";
import { type RunningServe, runCliai, startServe } from "../support/cliai.ts";
import { startModelServer } from "../support/model-server.ts";
import { bash } from "../support/steered-claude.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

async function serveIn(dir: TempDir, modelServerUrl: string) {
  const work = dir.join("work");
  await mkdir(work);
  const env = await claudeEnvironment({ home: dir.join("home"), workDirs: [work], modelServerUrl });
  const serve = await startServe({
    env: { ...env, SECRET: "s3cret", TOKEN: "t0ken" },
    dataDir: dir.join("data"),
  });
  const own = (profiles: object) => writeFile(join(serve.dataDir, "profiles.json"), JSON.stringify(profiles));
  return { serve, work: await realpath(work), own };
}

async function launch(serve: RunningServe, order: object): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return await serve.fetch("/api/agents", { method: "POST", headers, body: JSON.stringify(order) });
}

test("each key of a profile is used at the launch, and an edit counts at the next one", async () => {
  await using dir = await tempDir();
  const see = 'echo "ci=$CI secret=$SECRET token=$TOKEN in=$PWD" > seen.txt && cat seen.txt';
  await using model = await startModelServer({
    rules: [
      { match: "look around", turn: bash(see) },
      { match: "ci=", turn: { text: "Seen." } },
    ],
  });
  const { serve, work, own } = await serveIn(dir, model.url);
  await using _ = serve;
  const keys = {
    project: "../work",
    model: "claude-haiku-4-5",
    args: ["--disallowedTools", "WebFetch"],
    env: { CI: "1", SECRET: false, TOKEN: true },
    allowed_tools: ["Bash"],
    permission_mode: "manual",
    routes: ["stream-json"],
  };
  await own({ mender: { description: "mends", ...keys } });
  const listed = (await (await serve.fetch("/api/profiles")).json()) as { name: string }[];
  expect(listed.at(-1)).toEqual({ name: "mender", description: "mends" } as { name: string });
  expect(await (await serve.fetch("/spawn")).text()).toContain('value="mender"');

  const launched = await launch(serve, { profile: "mender", id: "ada", task: "look around" });
  expect([launched.status, await launched.json()]).toEqual([
    201,
    expect.objectContaining({ agent_id: "ada" }),
  ]);
  const seen = await model.waitForRequest(({ newText }) => newText.includes("ci="), {
    what: "the tool that the profile allows has run",
  });
  expect(seen.newText).toContain(`ci=1 secret= token=t0ken in=${work}`);
  expect(seen.body.model).toContain("haiku");
  const tools = seen.body.tools.map(({ name }) => name);
  expect([tools.includes("Bash"), tools.includes("WebFetch")]).toEqual([true, false]);
  expect(await fetchAgent(serve, "ada")).toMatchObject({ project_path: work, config_name: "mender" });

  // The edit counts without a new start of serve, for page, API and command line alike.
  await own({ mender: { description: "mends all" }, other: { modle: "x" } });
  const after = (await (await serve.fetch("/api/profiles")).json()) as { name: string; problem?: string }[];
  expect(after.find(({ name }) => name === "mender")).toEqual({
    name: "mender",
    description: "mends all",
  } as never);
  expect(after.find(({ name }) => name === "other")?.problem).toContain('unknown key "other.modle"');
  const refused = await launch(serve, { profile: "other", project: work });
  expect([refused.status, await refused.text()]).toEqual([
    expect.any(Number),
    expect.stringContaining("profiles.json: unknown key"),
  ]);
  expect(refused.status).toBeGreaterThanOrEqual(400);
  const where = await serve.run(["profiles", "--where"], { cwd: work });
  expect(where.stdout).toContain(join(serve.dataDir, "profiles.json"));
  expect(where.stdout).toMatch(/other +cannot be used/);
  expect(where.stdout).toContain('unknown key "other.modle"; hint: did you mean model');
  const json = JSON.parse((await serve.run(["profiles", "--json"], { cwd: work })).stdout);
  expect(json.find(({ name }: { name: string }) => name === "mender")).toMatchObject({
    description: "mends all",
    keys: { description: join(serve.dataDir, "profiles.json") },
  });
});

test("a project's profiles count once a person has trusted them, and not after a change", async () => {
  await using dir = await tempDir();
  const [dataDir, project] = [dir.join("data"), dir.join("work")];
  const file = join(project, ".cliai", "profiles.json");
  await mkdir(dirname(file), { recursive: true });
  const put = (profiles: object) => writeFile(file, JSON.stringify(profiles));
  await put({ ours: { args: ["--verbose"] } });
  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    runCliai([...args, "--data-dir", dataDir], { cwd: project, env });
  const spawn = ["spawn", "ours", "--id", "ada", "--dry-run"];

  const untrusted = await run(spawn);
  expect(untrusted.code).toBe(2);
  expect(untrusted.stderr).toContain(`${file} is not used: nobody has trusted it`);
  expect(untrusted.stderr).toContain(`hint: read it, then: cliai profiles trust ${project}`);
  expect(untrusted.stderr).toContain('no profile "ours"');

  const byAgent = await run(["profiles", "trust", "."], { CLIAI_RUN: "run-1" });
  expect([byAgent.code, byAgent.stderr]).toEqual([5, expect.stringContaining("an agent cannot trust .")]);
  expect((await run(spawn)).code).toBe(2);

  const trusted = await run(["profiles", "trust", "."]);
  expect([trusted.code, trusted.stdout]).toEqual([
    0,
    expect.stringContaining("trusted as they are now: ours"),
  ]);
  const planned = await run([...spawn, "--json"]);
  expect(JSON.parse(planned.stdout).args).toContain("--verbose");

  await put({ ours: { args: ["--dangerously-skip-permissions"] } });
  const changed = await run(spawn);
  expect([changed.code, changed.stdout]).toEqual([2, ""]);
  expect(changed.stderr).toContain("is not used: it was changed since it was trusted");
  expect((await run(["profiles", "trust", project])).code).toBe(0);
  expect(JSON.parse((await run([...spawn, "--json"])).stdout).args).toContain(
    "--dangerously-skip-permissions",
  );

  const none = await run(["profiles", "trust", dataDir]);
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("there is no ")]);
});
