// After a full run, each secret is looked for in everything that was written: output, logs, files, the stream's own store,
// arguments of processes, pages, API and audit. It is found in the files that are there to hold it, and nowhere else.
import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { startChild } from "../support/child.ts";
import { cliaiCommand, startServe } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

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

test("no secret is in what a full run leaves and shows", async () => {
  await using dir = await tempDir();
  const dataDir = dir.join("data");
  await mkdir(dir.join("work"));
  const apiKey = "this-is-the-key-of-a-model-provider";
  const env = { CLIAI_LOG: "debug", ANTHROPIC_API_KEY: apiKey };
  const outputs: Record<string, string> = {};
  await using serve = await startServe({ dataDir, env });
  const run = async (...args: string[]) => {
    const { stdout, stderr } = await serve.run(args, { env });
    outputs[`${args.join(" ")} #${Object.keys(outputs).length}`] = stdout + stderr;
    return stdout;
  };

  const plan = JSON.parse(
    await run(
      "spawn",
      "demo",
      "--id",
      "ada",
      "--project",
      dir.join("work"),
      "--task",
      "dig",
      "--dry-run",
      "--json",
    ),
  ) as { files: string[] };
  const mcpFile = plan.files.find((path) => path.endsWith("mcp.json")) ?? "";
  const { mcpServers } = JSON.parse(await readFile(mcpFile, "utf8")) as {
    mcpServers: Record<string, { args: string[]; env: Record<string, string> }>;
  };
  const [entry] = Object.values(mcpServers);
  const [command, ...first] = cliaiCommand();
  const own = entry?.args.slice(entry.args.indexOf("bridge")) ?? [];
  await using bridge = await startChild(command, [...first, ...own], {
    env: { PATH: process.env.PATH, HOME: "/nonexistent", ...env, ...entry?.env },
  });
  await waitFor(async () => (await serve.fetch("/api/agents/ada")).ok, {
    what: "ada is there",
    deadlineMs: 10_000,
    saw: () => bridge.stderr,
  });

  const loginUrl = await serve.loginUrl();
  const signedIn = await fetch(loginUrl, { redirect: "manual" });
  const cookie = signedIn.headers.get("set-cookie")?.split(";")[0] ?? "";
  expect(cookie).not.toBe("");
  for (const path of [
    "/",
    "/agents/ada",
    "/inbox",
    "/healthz",
    "/readyz",
    "/api/agents",
    "/api/agents/ada",
    "/nothing",
  ]) {
    const response = await fetch(serve.url + path, { headers: { cookie } });
    outputs[`GET ${path}`] = `${[...response.headers]}\n${await response.text()}`;
  }
  await fetch(`${serve.url}/api/agents`, {
    headers: { authorization: "Bearer a-wrong-token-that-somebody-sent" },
  });
  await run("send", "task", "ada", "dig deeper", "--json");
  for (const args of [
    ["ls", "--json"],
    ["show", "ada"],
    ["inbox"],
    ["audit", "--json"],
    ["doctor"],
    ["serve"],
  ]) {
    await run(...args);
  }

  const all = await filesUnder(dataDir);
  const mayHold = (path: string) => /^keys\/|\.creds$/.test(relative(dataDir, path));
  const secrets = [
    ...new Set(await secretsIn(all.filter(mayHold))),
    apiKey,
    cookie.split("=")[1] ?? "",
    new URL(loginUrl).searchParams.get("code") ?? "",
    "a-wrong-token-that-somebody-sent",
  ];
  expect(secrets).toContain((await readFile(serve.tokenPath, "utf8")).trim());
  for (const secret of secrets) expect(secret.length).toBeGreaterThan(30);

  const { pid: natsPid } = JSON.parse(await readFile(join(dataDir, "nats", "run.json"), "utf8")) as {
    pid: number;
  };
  for (const pid of [serve.child.pid, natsPid, bridge.pid]) {
    outputs[`arguments of ${pid}`] = await readFile(`/proc/${pid}/cmdline`, "latin1");
  }
  outputs["environment of nats-server"] = await readFile(`/proc/${natsPid}/environ`, "latin1");
  outputs["the log of the bridge"] = bridge.stderr;
  for (const path of all.filter((each) => !mayHold(each))) {
    outputs[relative(dataDir, path)] = await readFile(path, "latin1");
  }
  serve.child.kill("SIGTERM");
  const end = await serve.child.exit();
  outputs["the log of serve"] = end.stdout.replace(/code=[^"]+/, "") + end.stderr; // its ready line signs in once

  expect(Object.keys(outputs).filter((name) => name.startsWith("nats/")).length).toBeGreaterThan(5);
  const found = Object.entries(outputs).flatMap(([name, text]) =>
    secrets.filter((secret) => text.includes(secret)).map((secret) => `${name}: ${secret.slice(0, 6)}…`),
  );
  expect(found).toEqual([]);
});
