// An agent that is launched on another machine than serve's: with its own credentials, or with the operator's, which never come
// near it.
import { expect, test } from "bun:test";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, credsAuthenticator } from "nats";
import { startBridge } from "../support/bridges.ts";
import { type RunningServe, runCliai, startServe } from "../support/cliai.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

/** The second machine: nothing of the server's is there but what is copied to it. Its CLI shows what it was given. */
async function secondMachine(dir: TempDir, serve: RunningServe, creds: string) {
  await mkdir(dir.join("bin"));
  await mkdir(dir.join("work"));
  const script = `#!/bin/sh
case "$1" in --version) echo "2.1.330 (Claude Code)"; exit ;; esac
while [ $# -gt 0 ]; do [ "$1" = --mcp-config ] && cat "$2" && break; shift; done
cat "${dir.join("data", "agents", "ada", "nats.creds")}" > "${dir.join("seen.creds")}" 2>/dev/null
exit 0
`;
  await writeFile(dir.join("bin", "claude"), script, { mode: 0o700 });
  await copyFile(creds, dir.join("given.creds"));
  const env = { PATH: `${dir.join("bin")}:${process.env.PATH}` };
  const dataDir = dir.join("data");
  const first = [
    "spawn",
    "--task",
    "dig",
    "--url",
    serve.natsUrl,
    "--data-dir",
    dataDir,
    "--project",
    dir.join("work"),
  ];
  return async (...more: readonly string[]) =>
    await runCliai([...first, "--creds", dir.join("given.creds"), ...more], { env });
}

async function secretsIn(dir: string): Promise<string> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return (await Promise.all(files.map((f) => readFile(join(f.parentPath, f.name), "utf8")))).join("\n");
}

const seedOf = (creds: string) => /-----BEGIN USER NKEY SEED-----\s+(\S+)/.exec(creds)?.[1] ?? "";

test("an agent's own credentials are enough to launch it, under its own id alone", async () => {
  await using serve = await startServe();
  await using dir = await tempDir();
  const { stdout } = await serve.run(["agents", "add", "ada"]);
  const spawn = await secondMachine(dir, serve, stdout.trim());
  const run = await spawn();
  expect(run).toMatchObject({ code: 0, stderr: expect.stringMatching(/^starting ada /) });
  expect(JSON.parse(run.stdout).mcpServers.cliai.env).toMatchObject({
    AGENT_ID: "ada",
    NATS_CREDS: dir.join("given.creds"),
  });
  // They were given by a person, and are as good as before.
  expect(await spawn("--id", "ada")).toMatchObject({ code: 0 });
  expect(await spawn("--id", "bob")).toMatchObject({
    code: 2,
    stderr: `error: ${dir.join("given.creds")} holds the credentials of "ada", not of "bob"\nhint: name the credentials of "bob", or launch the other agent: --id ada\n`,
  });
  await using _bridge = await startBridge(serve, "ada");
  await copyFile(join(serve.dataDir, "agents/ada/nats.creds"), dir.join("given.creds"));
  expect(await spawn()).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('the agent "ada" is online already'),
  });
});

test("launched with the operator's credentials an agent is given its own, which end with it", async () => {
  await using serve = await startServe();
  await using dir = await tempDir();
  const operator = await readFile(serve.credsPath ?? "", "utf8");
  const spawn = await secondMachine(dir, serve, serve.credsPath ?? "");
  const run = await spawn("--id", "ada", "--role", "captain");
  expect(run).toMatchObject({ code: 0 });
  const path = dir.join("data", "agents", "ada", "nats.creds");
  expect(JSON.parse(run.stdout).mcpServers.cliai.env).toMatchObject({
    NATS_CREDS: path,
    CLIAI_ROLE: "captain",
  });
  const seen = await readFile(dir.join("seen.creds"), "utf8");
  expect(seedOf(seen)).toStartWith("SU");
  expect(seedOf(seen)).not.toBe(seedOf(operator));
  expect(await secretsIn(dir.join("data"))).not.toContain(seedOf(operator));
  // The server knows them as the agent's, and void since it has ended.
  const listed = JSON.parse((await serve.run(["agents", "ls", "--json"])).stdout);
  expect(listed).toMatchObject([{ agent_id: "ada", role: "captain", state: "revoked" }]);
  await writeFile(dir.join("kept.creds"), seen, { mode: 0o600 });
  const late = await runCliai(["ls", "--url", serve.natsUrl, "--creds", dir.join("kept.creds")]);
  expect(late).toMatchObject({ code: 5 });

  const local = ["spawn", "--id", "kim", "--creds", serve.credsPath ?? "", "--dry-run", "--json"];
  expect(await serve.run(local)).toMatchObject({ code: 0 });
  const mcp = await readFile(join(serve.dataDir, "agents/kim/mcp.json"), "utf8");
  expect(JSON.parse(mcp).mcpServers.cliai.env.NATS_CREDS).toBe(join(serve.dataDir, "agents/kim/nats.creds"));
  expect(await secretsIn(join(serve.dataDir, "agents"))).not.toContain(seedOf(operator));
});

test("an agent cannot have credentials made", async () => {
  await using serve = await startServe();
  const ada = (await serve.run(["agents", "add", "ada"])).stdout.trim();
  const connection = await connect({
    servers: serve.natsUrl,
    authenticator: credsAuthenticator(await readFile(ada)),
    inboxPrefix: "_INBOX.ada",
  });
  const order = JSON.stringify({ act: "make", agent_id: "eve", role: "captain" });
  const asking = connection.request("serve.credentials", order, { timeout: 2_000 });
  expect(await asking.catch(({ code }) => code)).toBe("PERMISSIONS_VIOLATION");
  await connection.close();
  expect((await serve.run(["agents", "ls", "--json"])).stdout).not.toContain("eve");
});
