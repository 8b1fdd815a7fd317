// The real Qwen Code and the real Codex, offline and not logged in: they start, and open no session. Whoever launched them is told why.
import { expect, test } from "bun:test";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { prepareQwen } from "../support/acp-clis.ts";
import { fetchAgent } from "../support/bridges.ts";
import { type RunningServe, startServe } from "../support/cliai.ts";
import { prepareCodex } from "../support/codex-cli.ts";
import { startOpenaiResponsesServer } from "../support/openai-responses-server.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const reason =
  "qwen cannot begin a session: Authentication required: Use Qwen Code CLI to authenticate first.";
const launch = { deadlineMs: 120_000 };

/** A server whose agents find Qwen Code, and no account for it. */
async function serveWithQwen(dir: TempDir): Promise<{ serve: RunningServe; work: string }> {
  const { work, env } = await prepareQwen(dir, { url: "" }, { security: {} });
  const { OPENAI_API_KEY: _key, OPENAI_BASE_URL: _url, OPENAI_MODEL: _model, ...noAccount } = env;
  return { serve: await startServe({ env: noAccount }), work };
}

test("an agent whose CLI opens no session has failed to start, with the CLI's reason and a hint", async () => {
  await using dir = await tempDir();
  const { serve: started, work } = await serveWithQwen(dir);
  await using serve = started;
  const spawn = (...more: string[]) =>
    serve.run(["spawn", "qwen", "PARROT", ...more], { cwd: work, ...launch });

  const waited = await spawn("--id", "ada", "--wait", "--json");
  expect(waited.code).toBe(1);
  expect(JSON.parse(waited.stdout.trim().split("\n").at(-1) ?? "")).toEqual({
    ...{ agent_id: "ada", outcome: "failed", said: null },
    reason: `it could not be started: ${reason}`,
  });
  expect(waited.stderr).toContain('"hint":"log in with the CLI once: qwen"');
  const alone = await spawn("--id", "bea", "--headless");
  expect(alone.code).toBe(2);
  expect(alone.stderr).toEndWith(`error: ${reason}\nhint: log in with the CLI once: qwen\n`);
  const detached = await spawn("--id", "cy", "--detach");
  // After 20 s a connected host is enough: on a busy machine its CLI fails later, and the fleet tells that.
  const isSlow = detached.code === 0 && detached.stderr.includes("takes a while");
  expect(detached).toMatchObject(isSlow ? { code: 0, stdout: "cy\n" } : { code: 1, stdout: "" });
  const told = `did not start (exit code 2): ${reason} (log in with the CLI once: qwen)`;
  if (!isSlow) expect(detached.stderr).toContain(told);

  for (const id of ["ada", "bea", "cy"]) {
    const isOver = async () =>
      (await fetchAgent(serve, id).catch(() => undefined))?.status === "failed_to_start";
    await waitFor(isOver, { what: `${id} has failed to start` });
    const { stdout } = await serve.run(["show", id, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      status: "failed_to_start",
      axes: { activity: { reason } },
      commands: [{ summary: "PARROT", receipts: [{ state: "failed" }] }],
    });
    expect((await serve.run(["log", id])).stdout).toContain(`failed_to_start: ${reason}`);
    const wait = await serve.run(["wait", id]);
    expect(wait.code).toBe(1);
    expect(wait.stderr).toContain(`${id} failed: it could not be started: ${reason}`);
  }
  expect((await serve.run(["ls"])).stdout.match(/failed to start/g)).toHaveLength(3);
}, 360_000);

test("Qwen Code leaves the files of its agent private", async () => {
  await using dir = await tempDir();
  const { serve: started, work } = await serveWithQwen(dir);
  await using serve = started;
  await serve.run(["spawn", "qwen", "--headless", "--id", "ada"], { cwd: work, ...launch });
  const files = join(serve.dataDir, "agents", "ada");
  const names = await readdir(files);
  expect(names).toContain("qwen-defaults.json");
  const modes = names.map(async (name) => [name, (await stat(join(files, name))).mode & 0o777]);
  expect(await Promise.all(modes)).toEqual(names.map((name) => [name, 0o600]));
});

test("Codex that is not logged in has failed to start, and its model was not asked", async () => {
  await using dir = await tempDir();
  await using model = await startOpenaiResponsesServer();
  const { work, env } = await prepareCodex(dir, model, { tables: ["requires_openai_auth = true"] });
  await using serve = await startServe({ env });
  const why = "codex cannot begin a session: it is not logged in";
  const spawned = await serve.run(["spawn", "codex", "PARROT", "--id", "ada", "--headless"], {
    ...{ cwd: work, ...launch },
  });
  expect(spawned.code).toBe(2);
  expect(spawned.stderr).toEndWith(`error: ${why}\nhint: log in with the CLI once: codex login\n`);
  const { stdout } = await serve.run(["show", "ada", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({
    status: "failed_to_start",
    axes: { activity: { reason: why } },
  });
  expect(model.requests).toEqual([]);
});
