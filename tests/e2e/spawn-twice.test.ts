// One agent is run by one process: of two spawns of an id at the same moment, one is refused and harms nothing of the other.
import { expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCliai, startCliai, startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

test("of spawns of one id at the same moment one runs; the id is free again when that is killed", async () => {
  await using serve = await startServe();
  await using dir = await tempDir();
  await mkdir(dir.join("bin"));
  const started = dir.join("started");
  // It tells of its start, and ends when it is told to, or its spawn's input ends.
  const script = `#!/bin/sh
case "$1" in --version) echo "2.1.330 (Claude Code)"; exit ;; esac
echo run >> "${started}"
while [ ! -e "${dir.join("end")}" ]; do sleep 0.1; done
`;
  await writeFile(dir.join("bin", "claude"), script, { mode: 0o700 });
  const env = { PATH: `${dir.join("bin")}:${process.env.PATH}` };
  const args = ["spawn", "demo", "dig", "--id", "ada", "--data-dir", serve.dataDir, "--project", dir.path];
  const runs = async () => (await readFile(started, "utf8").catch(() => "")).split("\n").length - 1;

  await using stack = new AsyncDisposableStack();
  const spawns = await Promise.all(
    Array.from({ length: 3 }, async () => stack.use(await startCliai(args, { env }))),
  );
  const ended: string[] = [];
  for (const spawn of spawns)
    void spawn.exit().then(
      ({ code, stderr }) => ended.push(`${code} ${stderr}`),
      () => ended.push("still there"),
    );
  await waitFor(() => ended.length === 2, { what: "two are refused", saw: () => ended });
  for (const end of ended) expect(end).toMatch(/^2 error: the agent "ada" (runs already|is online already)/);
  await waitFor(async () => (await runs()) === 1, { what: "one runs" });
  const credentials = await readFile(join(serve.dataDir, "agents/ada/nats.creds"), "utf8");
  const dry = await runCliai([...args, "--dry-run"], { env });
  expect(dry).toMatchObject({ code: 2, stderr: expect.stringContaining('the agent "ada"') });
  expect(await readFile(join(serve.dataDir, "agents/ada/nats.creds"), "utf8")).toBe(credentials);

  for (const spawn of spawns) spawn.kill("SIGKILL");
  await waitFor(() => ended.length === 3, { what: "the one that ran has ended" });
  await writeFile(dir.join("end"), "");
  const free = async () => (await runCliai(args, { env })).code === 0;
  await waitFor(free, { what: "the id is free again" });
  expect(await runs()).toBe(2);
});
