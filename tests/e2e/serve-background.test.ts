// The server in the background: `serve --detach`, and the commands that start it where none runs.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { takeAgentLock } from "../../src/data-dir/agent-lock.ts";
import { createLaunchedAgents } from "../../src/data-dir/launched-agents.ts";
import { ensureOwnDir, ensurePrivateDir } from "../../src/data-dir/private-files.ts";
import { readServeFile } from "../../src/data-dir/serve-file.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../src/log.ts";
import { pause } from "../../src/waiting.ts";
import { backgroundEnv, endsServeOf } from "../support/background-serve.ts";
import { runCliai, startCliai } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const env = backgroundEnv;

async function takePort(): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { port, [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())) };
}

test("serve --detach returns when the server answers, says where it is, and leaves it in a session of its own", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await using _ = endsServeOf(dataDir);
  const { code, stdout } = await runCliai(["serve", "--detach", "--json", "--data-dir", dataDir], { env });
  const ready = JSON.parse(stdout);
  const log = join(dataDir, "logs", "serve.log");
  expect([code, ready]).toMatchObject([0, { ready: true, data_dir: dataDir, log }]);
  expect((await fetch(new URL("/healthz", ready.url))).status).toBe(200);
  expect((await fetch(ready.login_url, { redirect: "manual" })).headers.get("set-cookie")).toContain("cliai");
  const logged = await readFile(log, "utf8");
  expect(logged).toContain(`ready at ${ready.url}`);
  expect(logged).not.toContain("login?code");
  expect((await stat(log)).mode & 0o777).toBe(0o600);
  if (process.platform === "linux") {
    const [, session] = /\) \S+ \d+ \d+ (\d+) /.exec(await readFile(`/proc/${ready.pid}/stat`, "utf8")) ?? [];
    expect(Number(session)).toBe(ready.pid);
  }
  const { pid, started } = JSON.parse(await readFile(join(dataDir, "serve.lock"), "utf8"));
  expect(pid).toBe(ready.pid);
  if (process.platform !== "win32") expect(started).toBeString();
  // A second one is refused, by the words and the exit code that it has in the foreground.
  const second = await runCliai(["serve", "--detach", "--data-dir", dataDir], { env });
  expect(second).toMatchObject({ code: 2, stdout: "" });
  expect(second.stderr).toStartWith(
    `error: another serve already runs on ${dataDir}, at ${ready.url}\nhint: `,
  );
});

test("serve --detach that dies at its start exits as serve does, in its own words", async () => {
  await using dir = await tempDir();
  await using taken = await takePort();
  const args = ["serve", "--detach", "--data-dir", dir.join("data"), `--port=${taken.port}`];
  const { code, stdout, stderr } = await runCliai(args, { env });
  expect([code, stdout, stderr]).toEqual([
    2,
    "",
    `error: port ${taken.port} is taken\nhint: end the program that uses it, or choose another port: cliai serve --port 0\n`,
  ]);
  const wrong = await runCliai(["serve", "--detach", "--data-dir", dir.join("data"), "--port=x"], { env });
  expect(wrong).toMatchObject({ code: 2, stdout: "" });
});

test("of two commands that need a server and find none, one starts it, and both are answered by it", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await using _ = endsServeOf(dataDir);
  const inbox = ["inbox", "--json", "--data-dir", dataDir];
  const both = await Promise.all([runCliai(inbox, { env }), runCliai(inbox, { env })]);
  expect(both.map(({ code, stdout }) => [code, stdout])).toEqual([
    [0, "[]\n"],
    [0, "[]\n"],
  ]);
  const server = await readServeFile(dataDir);
  const log = join(dataDir, "logs", "serve.log");
  const line = `no server ran on ${dataDir}: started one in the background (pid ${server?.pid}, ${server?.url}, log ${log}); to end it: cliai down\n`;
  expect(both.map(({ stderr }) => stderr).sort()).toEqual(["", line]);
  expect((await readFile(log, "utf8")).match(/ready at/g)).toHaveLength(1);
  // The next one finds it.
  expect(await runCliai(inbox, { env })).toMatchObject({ code: 0, stderr: "" });
});

test.each([0, 60, 120])(
  "a command that finds no server, and a `cliai serve` that starts %d ms later: one of the two runs, and the command is answered",
  async (laterMs) => {
    await using dir = await tempDir();
    const dataDir = dir.join("data");
    await using _ = endsServeOf(dataDir);
    const asking = runCliai(["inbox", "--json", "--data-dir", dataDir], { env });
    await pause(laterMs);
    await using serve = await startCliai(["serve", "--port=0", "--nats-port=0", "--data-dir", dataDir], {
      env,
    });
    expect(await asking).toMatchObject({ code: 0, stdout: "[]\n" });
    const file = await readServeFile(dataDir);
    if (file?.pid !== serve.pid) expect((await serve.exit()).stderr).toContain("another serve already runs");
  },
);

test.each([
  [
    "a command that starts it",
    ["inbox", "--json"],
    /^no server ran on .*: started one in the background \(pid .*\); resuming ada, ben; to end it: cliai down\n$/,
  ],
  ["serve --detach", ["serve", "--detach"], /^cliai is ready: .*; resuming ada, ben; .*\n$/],
])("which agents a server in the background has go on is said by %s", async (_, args, line) => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await using _ended = endsServeOf(dataDir);
  const launched = createLaunchedAgents(dataDir, silentLogger);
  await ensurePrivateDir(dataDir);
  await ensureOwnDir(join(dataDir, "agents"));
  for (const id of ["cem", "ada", "ben"]) {
    const session_id = crypto.randomUUID();
    await launched.remember(parseAgentId(id), { profile: "demo", project: dir.path, session_id });
  }
  // The host of one runs.
  const held = await takeAgentLock(dataDir, parseAgentId("cem"));
  // No agent CLI is on this PATH: what becomes of them is not this test's.
  const bare = { ...env, PATH: "/usr/bin:/bin" };
  const { stdout, stderr } = await runCliai([...args, "--data-dir", dataDir], { env: bare });
  expect(args[0] === "serve" ? stdout : stderr).toMatch(line);
  held.release();
});

/** A process that has ended and was not waited for by its parent does not live. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false; // ESRCH, or a system without /proc
  }
}

test("a server that was killed is started again, at another port where its own is taken", async () => {
  await using dir = await tempDir();
  await using taken = await takePort();
  const dataDir = dir.join("data");
  await using _ = endsServeOf(dataDir);
  const inbox = ["inbox", "--json", "--data-dir", dataDir];
  const onTaken = { ...env, CLIAI_PORT: String(taken.port) };
  expect(await runCliai(inbox, { env: onTaken })).toMatchObject({ code: 0, stdout: "[]\n" });
  const first = await readServeFile(dataDir);
  expect(first?.url).not.toContain(`:${taken.port}`);
  process.kill(first?.pid ?? 0, "SIGKILL");
  // A process that is killed ends only when its last write to the disk is done.
  await waitFor(() => !isAlive(first?.pid ?? 0), { what: "the end of the killed server" });
  expect(await runCliai(inbox, { env })).toMatchObject({ code: 0, stdout: "[]\n" });
  expect((await readServeFile(dataDir))?.pid).not.toBe(first?.pid);
});

test.each([
  ["--no-start", ["inbox", "--no-start"], { CLIAI_NO_START: undefined }],
  ["CLIAI_NO_START=1", ["inbox"], { CLIAI_NO_START: "1" }],
  ["--url of another server", ["send", "stop", "ada", "--url", "nats://127.0.0.1:1"], {}],
])("nothing is started with %s: exit 3", async (_, args, more) => {
  await using dir = await tempDir();
  const ran = await runCliai([...args, "--data-dir", dir.join("data")], { env: { ...env, ...more } });
  expect(ran).toMatchObject({ code: 3, stdout: "" });
  expect(await stat(dir.join("data")).catch(() => "absent")).toBe("absent");
});

test("what is wrong with a command is said before a server is started for it", async () => {
  await using dir = await tempDir();
  for (const args of [
    ["spawn", "demmo"],
    ["send", "stopp", "ada"],
    ["spawn", "demo", "--dry-run"],
  ]) {
    await runCliai([...args, "--data-dir", dir.join("data")], { env });
    expect(await stat(dir.join("data", "serve.held")).catch(() => "absent")).toBe("absent");
  }
});
