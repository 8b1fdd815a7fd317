// After a full run, each secret is looked for in everything that was written: output, logs, files, the stream's own store,
// arguments and environments of processes, MCP traffic, pages, API, event stream and audit. It is found in the files that are
// there to hold it, and nowhere else.
import { expect, test } from "bun:test";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { runCliai, startCliai, startServe } from "../support/cliai.ts";
import { startForeignNats } from "../support/foreign-nats.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** What was written or shown, by where. */
type Traces = Record<string, string>;

async function filesUnder(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** What the files that may hold secrets hold: seeds and tokens, as far as they can be told from what is public. */
async function secretsIn(paths: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(paths.map((path) => readFile(path, "utf8")));
  return texts.flatMap((text) => [
    ...(text.match(/\bS[ACNOUX][A-Z2-7]{56}\b/g) ?? []),
    ...(text.match(/-----BEGIN PRIVATE KEY-----\n([^\n]{32})/)?.slice(1) ?? []),
    ...(/^[\w-]{43}\n$/.test(text) ? [text.trim()] : []),
  ]);
}

function findIn(traces: Traces, secrets: readonly string[]): string[] {
  return Object.entries(traces).flatMap(([name, text]) =>
    secrets.filter((secret) => text.includes(secret)).map((secret) => `${name}: ${secret.slice(0, 6)}…`),
  );
}

/** A `claude` on a PATH of its own that records into `dir`. */
async function recordingPath(dir: TempDir): Promise<string> {
  await mkdir(dir.join("bin"));
  const recorder = join(import.meta.dirname, "..", "support", "recording-cli.ts");
  const script = `#!/bin/sh\nexec '${process.execPath}' '${recorder}' '${dir.join("record")}' "$@"\n`;
  await writeFile(dir.join("bin", "claude"), script, { mode: 0o700 });
  await mkdir(dir.join("record"));
  return `${dir.join("bin")}:${process.env.PATH}`;
}

interface Recorded {
  readonly pid: number;
  readonly bridgePid: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

test("no secret is in what a full run leaves and shows", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await mkdir(dir.join("work"));
  const apiKey = "this-is-the-key-of-a-model-provider";
  const env = { CLIAI_LOG: "debug", ANTHROPIC_API_KEY: apiKey };
  const traces: Traces = {};
  await using serve = await startServe({ dataDir, env });
  const run = async (...args: string[]) => {
    const { stdout, stderr } = await serve.run(args, { env });
    traces[`${args.join(" ")} #${Object.keys(traces).length}`] = stdout + stderr;
    return stdout;
  };

  await using spawned = await startCliai(
    ["spawn", "--id", "ada", "--project", dir.join("work"), "--task", "dig", "--data-dir", dataDir],
    { env: { ...env, PATH: await recordingPath(dir) } },
  );
  await waitFor(async () => (await readdir(dir.join("record"))).includes("ready"), {
    what: "the agent has used its tools",
    saw: () => spawned.stderr,
  });
  const recorded = JSON.parse(await readFile(dir.join("record", "cli.json"), "utf8")) as Recorded;

  const loginUrl = await serve.loginUrl();
  const signedIn = await fetch(loginUrl, { redirect: "manual" });
  const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  expect(cookie).not.toBe("");
  const events = new AbortController();
  const stream = await fetch(`${serve.url}/api/events`, { headers: { cookie }, signal: events.signal });
  const streamed = (async () => {
    let text = "";
    const decoder = new TextDecoder();
    try {
      for await (const chunk of stream.body ?? []) text += decoder.decode(chunk);
    } catch {
      // Ended by us, or by the rotation.
    }
    return text;
  })();
  for (const path of [
    "/",
    "/agents/ada",
    "/inbox",
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/agents",
    "/api/agents/ada",
    "/nothing",
  ]) {
    const response = await fetch(serve.url + path, { headers: { cookie } });
    traces[`GET ${path}`] = `${[...response.headers]}\n${await response.text()}`;
  }
  await fetch(`${serve.url}/api/agents`, {
    headers: { authorization: "Bearer a-wrong-token-that-somebody-sent" },
  });
  await run("send", "task", "ada", "dig deeper", "--json", "--wait", "stored");
  for (const args of [
    ["ls", "--json"],
    ["show", "ada"],
    ["inbox"],
    ["agents", "--json"],
    ["doctor"],
    ["serve"],
  ]) {
    await run(...args);
  }

  const all = await filesUnder(dataDir);
  const held = (path: string) => relative(dataDir, path);
  const mayHoldKeys = (path: string) => /^keys\/|\.creds$/.test(held(path));
  const mayHoldSession = (path: string) => /^agents\/ada\/(mcp|settings)\.json$/.test(held(path));
  const mcpConfig = await readFile(join(dataDir, "agents", "ada", "mcp.json"), "utf8");
  const sessionToken = JSON.parse(mcpConfig).mcpServers.cliai.env.CLIAI_SESSION_TOKEN as string;
  for (const path of all.filter((each) => mayHoldKeys(each) || mayHoldSession(each)))
    expect({ path: held(path), mode: (await stat(path)).mode & 0o777 }).toEqual({
      path: held(path),
      mode: 0o600,
    });

  const httpToken = (await readFile(serve.tokenPath, "utf8")).trim();
  const keys = [
    ...new Set(await secretsIn(all.filter(mayHoldKeys))),
    cookie.split("=")[1] ?? "",
    new URL(loginUrl).searchParams.get("code") ?? "",
    "a-wrong-token-that-somebody-sent",
  ];
  expect(keys).toContain(httpToken);

  const { pid: natsPid } = JSON.parse(await readFile(join(dataDir, "nats", "run.json"), "utf8")) as {
    pid: number;
  };
  const processes = {
    serve: serve.child.pid,
    natsPid,
    spawn: spawned.pid,
    cli: recorded.pid,
    bridge: recorded.bridgePid,
  };
  for (const [name, pid] of Object.entries(processes))
    traces[`arguments of ${name}`] = await readFile(`/proc/${pid}/cmdline`, "latin1");
  traces["environment of nats-server"] = await readFile(`/proc/${natsPid}/environ`, "latin1");
  // The CLI needs the model's key, and the bridge, its own child, is started with what it has.
  const ofAgent: Traces = {
    cli: JSON.stringify(recorded.env),
    bridge: await readFile(`/proc/${recorded.bridgePid}/environ`, "latin1"),
  };
  expect(findIn(ofAgent, keys)).toEqual([]);
  expect(findIn({ cli: ofAgent.cli ?? "" }, [sessionToken])).toEqual([]);

  await run("token", "rotate");
  const rotated = (await readFile(serve.tokenPath, "utf8")).trim();
  expect(rotated).not.toBe(httpToken);
  await waitFor(
    async () => (await fetch(`${serve.url}/api/agents`, { headers: { cookie } })).status === 401,
    {
      what: "the session has ended",
    },
  );
  events.abort();
  traces["the event stream"] = await streamed;
  expect(traces["the event stream"]).toContain("ada");

  await writeFile(dir.join("record", "end"), "");
  const spawnEnd = await spawned.exit();
  traces["the output of spawn"] = spawnEnd.stdout + spawnEnd.stderr;
  traces["the MCP traffic and the log of the bridge"] = await readFile(dir.join("record", "mcp.log"), "utf8");
  expect(traces["the MCP traffic and the log of the bridge"]).toContain("no_such_tool");
  await run("audit", "--json");
  await run("audit", "--json", "--kind", "alert");
  for (const path of (await filesUnder(dataDir)).filter((each) => !mayHoldKeys(each)))
    traces[held(path)] = await readFile(path, "latin1");
  serve.child.kill("SIGTERM");
  const end = await serve.child.exit();
  traces["the log of serve"] = end.stdout.replace(/code=[^"]+/, "") + end.stderr; // its ready line signs in once

  expect(Object.keys(traces).filter((name) => name.startsWith("nats/")).length).toBeGreaterThan(5);
  const secrets = [...keys, rotated, apiKey];
  for (const secret of [...secrets, sessionToken]) expect(secret.length).toBeGreaterThan(30);
  expect(findIn(traces, secrets)).toEqual([]);
  const beside = Object.entries(traces).filter(([name]) => !mayHoldSession(join(dataDir, name)));
  expect(findIn(Object.fromEntries(beside), [sessionToken])).toEqual([]);
});

test("a password in the address of a NATS server that others run, which takes none from there, is in no output, page, log or argument", async () => {
  const password = "the-password-of-a-foreign-nats-server";
  await using nats = await startForeignNats("");
  await using dir = await tempDir();
  const env = { CLIAI_LOG: "debug", CLIAI_NATS_URL: `nats://fleet:${password}@127.0.0.1:${nats.port}` };
  const dataDir = dir.join("data");
  await using serve = await startServe({ dataDir, env });
  const traces: Traces = {};
  for (const args of [
    ["ls"],
    ["doctor"],
    ["audit", "--json"],
    ["spawn", "--dry-run", "--id", "ada", "--json"],
  ]) {
    const { stdout, stderr } = await serve.run(args, { env });
    traces[args.join(" ")] = stdout + stderr;
  }
  for (const path of ["/", "/api/agents", "/readyz", "/metrics"])
    traces[`GET ${path}`] = await (await serve.fetch(path)).text();
  traces["arguments of serve"] = await readFile(`/proc/${serve.child.pid}/cmdline`, "latin1");
  // What clients and agents connect with: for this user alone.
  const mayHold = ["serve.json", "agents/ada/mcp.json"].map((name) => join(dataDir, name));
  for (const path of mayHold) {
    expect(await readFile(path, "utf8")).toContain(password);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  }
  for (const path of (await filesUnder(dataDir)).filter((each) => !mayHold.includes(each)))
    traces[relative(dataDir, path)] = await readFile(path, "latin1");
  await using closed = await startForeignNats(`authorization { user: "fleet", password: "${password}" }`);
  const closedUrl = `nats://fleet:${password}@127.0.0.1:${closed.port}`;
  for (const args of [
    ["ls", "--url", closedUrl],
    ["serve", "--nats-url", closedUrl, "--data-dir", dir.join("other"), "--port", "0"],
  ]) {
    const { code, stdout, stderr } = await runCliai([...args, "--json"], { env: { CLIAI_LOG: "debug" } });
    expect(code).toBe(5);
    traces[`${args[0]}, refused`] = stdout + stderr;
  }
  await nats[Symbol.asyncDispose]();
  const lost = await serve.run(["ls"], { env });
  traces["ls without NATS"] = lost.stdout + lost.stderr;
  serve.child.kill("SIGTERM");
  const end = await serve.child.exit();
  traces["the output of serve"] = end.stdout + end.stderr;
  expect(traces["the output of serve"]).toContain("***@127.0.0.1");
  expect(findIn(traces, [password])).toEqual([]);
});
