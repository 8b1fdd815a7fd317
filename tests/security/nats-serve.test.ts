// The program's NATS credentials as a user meets them: made at the first start, given to each agent, taken back.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, rename, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, credsAuthenticator, Events, type NatsConnection } from "nats";
import { fetchAgent, startBridge } from "../support/bridges.ts";
import { type RunningServe, runCliai, startServe } from "../support/cliai.ts";
import { modeOf } from "../support/files.ts";
import { callTool, initialize } from "../support/mcp-lines.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

let serve: RunningServe;
beforeAll(async () => {
  serve = await startServe();
});
afterAll(() => serve[Symbol.asyncDispose]());

const credsOf = (id: string, dataDir = serve.dataDir) => join(dataDir, "agents", id, "nats.creds");
const keyFile = (name: string, dataDir = serve.dataDir) => join(dataDir, "keys", name);
const linkOf = async (id: string) => (await fetchAgent(serve, id)).axes.link;

async function connectAs(id: string): Promise<NatsConnection> {
  const authenticator = credsAuthenticator(await readFile(credsOf(id)));
  return await connect({
    servers: serve.natsUrl,
    authenticator,
    inboxPrefix: `_INBOX.${id}`,
    reconnect: false,
  });
}

describe("the keys of a data directory", () => {
  test("are made at the first start, for this user alone, and no other file holds a secret of theirs", async () => {
    expect(await modeOf(join(serve.dataDir, "keys"))).toBe("700");
    const seeds: string[] = [];
    for (const name of ["operator.nk", "system.nk", "account.nk", "operator.creds"]) {
      expect(await modeOf(keyFile(name))).toBe("600");
      seeds.push(/S[OAU][A-Z2-7]{56}/.exec(await readFile(keyFile(name), "utf8"))?.[0] ?? "none");
    }
    expect(new Set(seeds).size).toBe(4);
    for (const path of ["serve.json", "serve.lock", join("nats", "nats-server.conf")]) {
      const text = await readFile(join(serve.dataDir, path), "utf8");
      for (const seed of seeds) expect(text).not.toContain(seed);
    }
  });

  test("are the same at the next start: what was given out before is good", async () => {
    await using dir = await tempDir();
    const dataDir = dir.join("data");
    {
      await using first = await startServe({ dataDir });
      expect(await first.run(["agents", "add", "ada"])).toMatchObject({
        code: 0,
        stdout: `${credsOf("ada", dataDir)}\n`,
      });
    }
    await using second = await startServe({ dataDir });
    await using _ada = await startBridgeWith(second, "ada", credsOf("ada", dataDir));
  });

  test("a damaged one is one line that names the file, and nothing is started", async () => {
    await using dir = await tempDir();
    const dataDir = dir.join("data");
    await mkdir(join(dataDir, "keys"), { recursive: true });
    await writeFile(keyFile("account.nk", dataDir), "SOME TEXT\n");
    const run = await runCliai(["serve", "--port", "0", "--nats-port", "0", "--data-dir", dataDir]);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain(
      `cannot use the key ${keyFile("account.nk", dataDir)}: not the seed of an account key`,
    );
    expect(run.stderr).not.toContain("SOME TEXT");
  });

  test("a symbolic link in their place is not written through", async () => {
    await using dir = await tempDir();
    const dataDir = dir.join("data");
    const outside = dir.join("outside");
    await mkdir(join(dataDir, "keys"), { recursive: true });
    await writeFile(outside, "mine");
    await symlink(outside, keyFile("operator.creds", dataDir));
    await using _ = await startServe({ dataDir });
    expect(await readFile(outside, "utf8")).toBe("mine");

    const other = dir.join("other");
    await mkdir(other);
    await symlink(dir.path, join(other, "keys"));
    const refused = await runCliai(["serve", "--port", "0", "--nats-port", "0", "--data-dir", other]);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("a symbolic link stands in its place"),
    });
  });

  test.each(["nats", "bin", "keys"])("a symbolic link in the place of %s/ is not followed", async (name) => {
    await using dir = await tempDir();
    const [dataDir, outside] = [dir.join("data"), dir.join("outside")];
    await mkdir(dataDir);
    await mkdir(outside);
    await symlink(outside, join(dataDir, name));
    const run = await runCliai(["serve", "--port", "0", "--nats-port", "0", "--data-dir", dataDir]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain(`cannot write ${join(dataDir, name)}: a symbolic link stands in its place`);
    expect(await readdir(outside)).toEqual([]);
  });

  test("nothing is removed through a symbolic link in the place of agents/ or a folder in it", async () => {
    await using dir = await tempDir();
    await using own = await startServe({ dataDir: dir.join("data") });
    const agents = join(own.dataDir, "agents");
    await own.run(["agents", "add", "ada"]);
    await own.fetch("/api/heartbeat", { method: "POST", body: '{"agent_id":"ada","status":"idle"}' });
    await waitFor(async () => (await own.fetch("/api/agents/ada")).ok, { what: "ada is known" });
    await rename(join(agents, "ada"), dir.join("ada"));
    await symlink(dir.join("ada"), join(agents, "ada"));
    const revoked = await own.run(["agents", "revoke", "ada"]);
    expect(revoked.code).toBe(2);
    expect(revoked.stderr).toContain("a symbolic link stands in its place");
    await rename(agents, dir.join("agents"));
    await symlink(dir.join("agents"), agents);
    const removed = await own.run(["agents", "remove", "ada", "--force"]);
    expect(removed.code).toBe(2);
    expect(await readdir(dir.join("ada"))).toEqual(["nats.creds"]);
    expect(await readdir(dir.join("agents"))).toEqual(["ada"]);
  });

  test("--insecure makes none of them, and takes anybody", async () => {
    await using open = await startServe({ args: ["--insecure"] });
    expect((await readdir(join(open.dataDir, "keys"))).filter((name) => /\.(nk|creds)$/.test(name))).toEqual(
      [],
    );
    expect(await runCliai(["ls", "--url", open.natsUrl])).toMatchObject({ code: 0 });
    await using _ada = await startBridge(open, "ada");
  });
});

async function startBridgeWith(server: RunningServe, id: string, creds: string) {
  return await startBridge(
    { ...server, run: async () => ({ code: 0, signal: null, stdout: creds, stderr: "" }) },
    id,
  );
}

describe("without credentials", () => {
  test("nobody is let in, and the error says what helps", async () => {
    const run = await runCliai(["ls", "--url", serve.natsUrl]);
    expect(run).toMatchObject({ code: 5, stderr: expect.stringContaining("NATS refuses") });
  });

  test("a bridge started by hand ends with one line that says how to make some", async () => {
    const run = await serve.run(["bridge", "--agent-id", "nobody"], { input: "" });
    expect(run.code).toBe(2);
    expect(run.stderr).toContain('the agent "nobody" has no credentials');
    expect(run.stderr).toContain("hint: make some: cliai agents add nobody");
    expect((await serve.run(["agents", "add", "nobody"])).code).toBe(0);
    expect(await serve.run(["bridge", "--agent-id", "nobody"], { input: "" })).toMatchObject({ code: 0 });
  });
});

test("spawn gives an agent credentials of its own, and names their file alone", async () => {
  await using dir = await tempDir();
  await mkdir(dir.join("bin"));
  const agentDir = join(serve.dataDir, "agents", "dry");
  const claude = `#!/bin/sh\nmkdir "${dir.join("seen")}"; cp -p "${agentDir}"/*.* "${dir.join("seen")}"\n`;
  await writeFile(dir.join("bin", "claude"), claude, { mode: 0o700 });
  const env = { PATH: `${dir.join("bin")}:${process.env.PATH}` };
  expect(await serve.run(["spawn", "demo", "dig", "--id", "dry"], { env })).toMatchObject({ code: 0 });
  for (const file of ["mcp.json", "nats.creds"]) expect(await modeOf(dir.join("seen", file))).toBe("600");
  const config = await readFile(dir.join("seen", "mcp.json"), "utf8");
  expect(JSON.parse(config).mcpServers.cliai.env.NATS_CREDS).toBe(credsOf("dry"));
  expect(config).not.toMatch(/S[OAU][A-Z2-7]{56}/);
});

test("spawn --dry-run names the credentials that an agent would get, and makes none", async () => {
  const run = await serve.run(["spawn", "--dry-run", "--id", "planned", "--json"]);
  const { files } = JSON.parse(run.stdout) as { files: string[] };
  expect(files).toEqual([join(serve.dataDir, "agents", "planned", "mcp.json")]);
  const config = JSON.parse(await readFile(files[0] ?? "", "utf8"));
  expect(config.mcpServers.cliai.env.NATS_CREDS).toBe(credsOf("planned"));
  await expect(stat(credsOf("planned"))).rejects.toThrow("ENOENT");
  expect((await serve.run(["agents", "ls", "--json"])).stdout).not.toContain("planned");
});

test("with the files of one agent alone, another cannot be stopped", async () => {
  await using bob = await startBridge(serve, "bob");
  await serve.run(["agents", "add", "mallory"]);
  const mallory = await connectAs("mallory");
  const refused: string[] = [];
  void (async () => {
    for await (const { type, permissionContext } of mallory.status())
      if (type === Events.Error) refused.push(permissionContext?.subject ?? "");
  })();
  for (const topic of ["command", "shutdown"])
    mallory.publish(`agent.bob.${topic}`, '{"type":"stop","force":true}');
  await mallory.flush();
  await waitFor(() => refused.length >= 2, { what: "both are refused" });
  expect(refused).toEqual(["agent.bob.command", "agent.bob.shutdown"]);
  await mallory.close();

  const sent = await runCliai(["send", "stop", "bob", "--url", serve.natsUrl, "--creds", credsOf("mallory")]);
  expect(sent.code).not.toBe(0);
  expect((await fetchAgent(serve, "bob")).commands).toEqual([]);
  expect((await linkOf("bob")).value).toBe("online");
  expect((await serve.run(["send", "stop", "bob"])).code).toBe(0);
  expect(await bob.exit()).toMatchObject({ code: 0 });
});

test("what nats-server refuses to an agent is an alert with its name: the plain tools.call, and another's subjects", async () => {
  await serve.run(["agents", "add", "trudy"]);
  const trudy = await connectAs("trudy");
  const call = JSON.stringify({ request_id: "r1", agent_id: "bob", tool: "list_agents" });
  const alertSaying = async (words: string) =>
    await waitFor(
      async () => {
        const { stdout } = await serve.run(["audit", "--kind", "alert", "--json"]);
        return stdout.split("\n").find((line) => line.includes(words));
      },
      { what: `an alert says ${words}` },
    );
  trudy.publish("tools.call", call, { reply: "_INBOX.trudy.1" });
  await trudy.flush();
  const alert = await alertSaying("trudy publish on tools.call");
  expect(alert).toContain('"severity":"warning"');
  trudy.subscribe("agent.bob.command").closed.catch(() => undefined);
  await trudy.flush();
  await alertSaying("trudy subscribe to agent.bob.command");
  await trudy.close();
});

describe("a captain", () => {
  test("is one by its credentials, whatever an agent says of itself", async () => {
    expect((await serve.run(["agents", "add", "queen", "--role", "captain"])).code).toBe(0);
    await using queen = await startBridgeWith(serve, "queen", credsOf("queen"));
    await initialize(queen);
    await using liar = await startBridge(serve, "liar");
    await initialize(liar);
    const asCaptain = await connectAs("liar");
    asCaptain.publish(
      "agent.liar.heartbeat",
      JSON.stringify({ agent_id: "liar", role: "captain", instance_id: "x" }),
    );
    const call = JSON.stringify({ tool: "broadcast", arguments: { text: "follow me" } });
    const answer = await asCaptain.request("tools.call.liar", call, { timeout: 60_000 });
    expect(answer.json()).toMatchObject({ success: false });
    await asCaptain.close();
    const asQueen = await connectAs("queen");
    const heard = await asQueen.request("tools.call.queen", call, { timeout: 60_000 });
    expect(heard.json()).toMatchObject({ success: true });
    await asQueen.close();
    expect((await callTool(queen, 9, "list_agents", {})).text).toContain('"role": "captain"');
  });
});

describe("cliai agents revoke", () => {
  test("ends a living bridge's connection at once, for good, and leaves the others alone", async () => {
    await using ada = await startBridge(serve, "ada");
    await using _eve = await startBridge(serve, "eve");
    const askedMs = performance.now();
    const run = await serve.run(["agents", "revoke", "ada", "--json"]);
    const revokedMs = performance.now();
    expect(JSON.parse(run.stdout)).toEqual({ agent_id: "ada", revoked: 1, live: true });
    await waitFor(async () => (await linkOf("ada")).value === "offline", { what: "ada is offline" });
    // Measured: a tenth of the command's own time.
    expect(performance.now() - revokedMs).toBeLessThan(5 * (revokedMs - askedMs));
    await ada.line("NATS refuses: connect again", { from: "stderr" });
    ada.endInput();
    await ada.exit();
    expect((await linkOf("eve")).value).toBe("online");
    await expect(readFile(credsOf("ada"))).rejects.toThrow("ENOENT");
    expect(JSON.parse((await serve.run(["agents", "--json"])).stdout)).toContainEqual(
      expect.objectContaining({ agent_id: "ada", state: "revoked" }),
    );
    // New ones are good at once, in the same second too.
    await using _again = await startBridge(serve, "ada");
  });

  test("with no server running it holds from the next start on", async () => {
    await using dir = await tempDir();
    const dataDir = dir.join("data");
    let creds = "";
    {
      await using first = await startServe({ dataDir });
      const path = (await first.run(["agents", "add", "ada"])).stdout.trim();
      creds = await readFile(path, "utf8");
    }
    const run = await runCliai(["agents", "revoke", "ada", "--data-dir", dataDir]);
    expect(run).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("the next start of serve will refuse these credentials"),
    });
    await using second = await startServe({ dataDir });
    await writeFile(dir.join("kept.creds"), creds);
    const again = await runCliai(["ls", "--url", second.natsUrl, "--creds", dir.join("kept.creds")]);
    expect(again).toMatchObject({ code: 5, stderr: expect.stringContaining("NATS refuses") });
  });

  test("an agent that was given none is named, with the nearest that was", async () => {
    await serve.run(["agents", "add", "Snake-1234"]);
    const run = await serve.run(["agents", "revoke", "Snake-1243"]);
    expect(run).toMatchObject({ code: 2, stderr: expect.stringContaining("did you mean Snake-1234?") });
  });
});
