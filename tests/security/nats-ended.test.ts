// Credentials end with what they were given for: with the agent's CLI, and when others take their place.
import { expect, test } from "bun:test";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, credsAuthenticator, type NatsConnection } from "nats";
import { type RunningServe, startCliai, startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";

async function connectWith(serve: RunningServe, id: string, creds: string): Promise<NatsConnection> {
  const authenticator = credsAuthenticator(new TextEncoder().encode(creds));
  return await connect({
    servers: serve.natsUrl,
    authenticator,
    inboxPrefix: `_INBOX.${id}`,
    reconnect: false,
  });
}

/** Makes new ones; returns their text. */
async function addAgent(serve: RunningServe, id: string, ...more: string[]): Promise<string> {
  const { code, stdout } = await serve.run(["agents", "add", id, ...more]);
  expect(code).toBe(0);
  return await readFile(stdout.trim(), "utf8");
}

const broadcast = JSON.stringify({ tool: "broadcast", arguments: { text: "follow me" } });
const refused = "Authorization Violation";

test("an agent that was launched loses its credentials with its CLI's end, on a living connection too", async () => {
  await using serve = await startServe();
  await using dir = await tempDir();
  await mkdir(dir.join("bin"));
  await writeFile(dir.join("runs"), "");
  await writeFile(
    dir.join("bin", "claude"),
    `#!/bin/sh\n[ "$1" = --version ] && exit\necho started\nwhile [ -e ${dir.join("runs")} ]; do sleep 0.05; done\nexit 3\n`,
    { mode: 0o700 },
  );
  const env = { PATH: `${dir.join("bin")}:${process.env.PATH}` };
  await using spawn = await startCliai(["spawn", "demo", "dig", "--id", "ada", "--data-dir", serve.dataDir], {
    env,
  });
  await spawn.line("started");
  const path = join(serve.dataDir, "agents", "ada", "nats.creds");
  const creds = await readFile(path, "utf8");
  const living = await connectWith(serve, "ada", creds);
  await living.flush();

  const dry = await serve.run(["spawn", "--dry-run", "--id", "ada"]);
  expect(dry.code).not.toBe(0);
  expect(dry.stderr).toContain('the agent "ada" is online already');
  expect(living.isClosed()).toBe(false);

  await rm(dir.join("runs"));
  expect(await spawn.exit()).toMatchObject({ code: 3 });
  await living.closed();
  await expect(connectWith(serve, "ada", creds)).rejects.toThrow(refused);
  await expect(readFile(path)).rejects.toThrow("ENOENT");
});

test("credentials that others take the place of are void at once", async () => {
  await using serve = await startServe();
  const earlier = await addAgent(serve, "ada");
  const living = await connectWith(serve, "ada", earlier);
  const later = await addAgent(serve, "ada");
  await living.closed();
  await expect(connectWith(serve, "ada", earlier)).rejects.toThrow(refused);
  await (await connectWith(serve, "ada", later)).close();
});

test("an agent that is made a captain is one by its new credentials: the earlier ones never are", async () => {
  await using serve = await startServe();
  const plain = await addAgent(serve, "ada");
  const living = await connectWith(serve, "ada", plain);
  const asPlain = await living.request("tools.call.ada", broadcast, { timeout: 60_000 });
  expect(asPlain.json()).toMatchObject({ error: expect.stringContaining("broadcast is for captains") });

  const raised = await addAgent(serve, "ada", "--role", "captain");
  await living.closed();
  await expect(connectWith(serve, "ada", plain)).rejects.toThrow(refused);
  const captain = await connectWith(serve, "ada", raised);
  const asCaptain = await captain.request("tools.call.ada", broadcast, { timeout: 60_000 });
  // There is nobody to hear it.
  expect(asCaptain.json()).toMatchObject({ error: expect.stringContaining("no other agent is online") });
  await captain.close();
});
