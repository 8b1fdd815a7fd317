// What serve and doctor run for themselves is given nothing of their environment that it does not need.
import { expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { runCliai, startServe } from "../support/cliai.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

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

/** What steers the Bun inside a program that Bun has built, as Claude Code is and as this one is. */
const forBun = { BUN_OPTIONS: "--smol", BUN_INSPECT_NOTIFY: "unix:///nonexistent" };

test("the agents' CLIs, whoever launches them: nothing that is for the Bun inside this program", async () => {
  await using dir = await tempDir();
  await recorder(dir, "claude", "2.1.330 (Claude Code)");
  const settings = { ...forBun, HTTPS_PROXY: "http://proxy.example:8080" };
  const own = { env: { ...settings, PATH: `${dir.join("bin")}:${process.env.PATH}` } };
  await using serve = await startServe(own);
  await serve.run(["spawn", "demo", "dig", "--id", "ada"], own);
  const order = JSON.stringify({ profile: "demo", id: "bob", task: "dig", project: dir.path });
  const answer = await serve.fetch("/api/agents", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: order,
  });
  // It is no Claude: it ended at once.
  expect(await answer.text()).toContain("bob did not start");
  const recorded = await readFile(dir.join("claude"), "utf8");
  // Both were launched, and what is the user's own came with them.
  expect(recorded).toContain("agents/ada/");
  expect(recorded).toContain("agents/bob/");
  expect(recorded).toContain("HTTPS_PROXY=http://proxy.example:8080");
  expect(recorded).not.toContain("BUN_");
});

test("one that runs from source takes the word away that would make another program of its children", async () => {
  await using dir = await tempDir();
  await recorder(dir, "claude", "2.1.330 (Claude Code)");
  await using serve = await startServe();
  const env = { BUN_BE_BUN: "1", PATH: `${dir.join("bin")}:${process.env.PATH}` };
  await serve.run(["spawn", "demo", "dig", "--id", "ada"], { env, from: "bun" });
  const recorded = await readFile(dir.join("claude"), "utf8");
  expect(recorded).toContain("agents/ada/");
  expect(recorded).not.toContain("BUN_");
});
