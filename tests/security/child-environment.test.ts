// What serve and doctor run for themselves is given nothing of their environment that it does not need.
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { runCliai } from "../support/cliai.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

setDefaultTimeout(30_000);

const env = { ANTHROPIC_API_KEY: "the-key-of-a-model-provider", CLIAI_TEST_SECRET: "another" };

/** A program that writes down each environment that it is started with, and says its version. */
async function recorder(dir: TempDir, name: string, version: string): Promise<string> {
  await mkdir(dir.join("bin"), { recursive: true });
  const path = dir.join("bin", name);
  const script = `#!/bin/sh\necho "== $*" >>'${dir.join(name)}'\n/usr/bin/env >>'${dir.join(name)}'\necho '${version}'\n`;
  await writeFile(path, script, { mode: 0o700 });
  return path;
}

async function expectNoSecret(dir: TempDir, name: string, starts: readonly string[]): Promise<void> {
  const recorded = await readFile(dir.join(name), "utf8");
  for (const start of starts) expect(recorded).toContain(`== ${start}`);
  expect(recorded).toContain("PATH=");
  for (const secret of Object.values(env)) expect(recorded).not.toContain(secret);
  expect(recorded).not.toContain("CLIAI_");
}

test("nats-server, when it is asked for its version and when it is run", async () => {
  await using dir = await tempDir();
  const path = await recorder(dir, "nats-server", "nats-server: v2.15.2");
  const ports = ["--port", "0", "--nats-port", "0", "--data-dir", dir.join("data")];
  const run = await runCliai(["serve", "--nats-server", path, ...ports], { env });
  expect(run.code).toBe(1);
  await expectNoSecret(dir, "nats-server", ["--version", "-c "]);
});

test("the agents' CLIs, when doctor asks for their version", async () => {
  await using dir = await tempDir();
  await recorder(dir, "claude", "2.1.330 (Claude Code)");
  const options = { env: { ...env, PATH: dir.join("bin") } };
  const { stdout } = await runCliai(["doctor", "--json", "--data-dir", dir.join("data")], options);
  expect(stdout).toContain("claude is 2.1.330");
  await expectNoSecret(dir, "claude", ["--version"]);
});
