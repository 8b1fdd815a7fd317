// `cliai doctor`: all well on a sound server, and one finding with its remedy for each thing made wrong.
import { describe, expect, test } from "bun:test";
import { chmod, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { delimiter, join } from "node:path";
import { connect, credsAuthenticator } from "nats";
import { agentClis } from "../../src/agents/agent-clis.ts";
import { modelServerName } from "../../src/domain/model-queue/server-name.ts";
import type { Check } from "../../src/domain/system/check.ts";
import { helpFor } from "../../src/domain/system/help-section.ts";
import { type RunningServe, runCliai, type ServeOptions, startServe } from "../support/cliai.ts";
import { chatCall, chatStream, llamaRoutes, startModelEndpoint } from "../support/model-endpoint.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

/** A PATH with an agent CLI of this version alone. */
async function pathWithClaude(dir: TempDir, version: string): Promise<string> {
  const bin = dir.join(`bin-${version}`);
  await mkdir(bin);
  await writeFile(`${bin}/claude`, `#!/bin/sh\necho '${version} (Claude Code)'\n`, { mode: 0o700 });
  return bin;
}

/** A server whose agents find the same CLI; the rest of PATH is for the server itself. */
const serveWith = (PATH: string, options: ServeOptions = {}) =>
  startServe({ ...options, env: { ...options.env, PATH: [PATH, process.env.PATH].join(delimiter) } });

/** What `doctor --json` prints; without `help`, which each finding has. */
function readChecks(stdout: string): { ok: boolean; checks: Check[] } {
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: (Check & { help?: string })[] };
  for (const check of checks) {
    expect(check.help).toEqual(check.ok ? undefined : helpFor(check.check));
    delete check.help;
  }
  return { ok, checks };
}

async function examine(
  serve: RunningServe,
  PATH: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; bad: Check[]; all: Check[] }> {
  const run = await serve.run(["doctor", "--json"], { env: { PATH, ...env } });
  const { ok, checks } = readChecks(run.stdout);
  expect(ok).toBe(run.code === 0);
  for (const { ok: isWell, remedy } of checks) expect(remedy === undefined).toBe(isWell);
  return { code: run.code, bad: checks.filter((check) => !check.ok), all: checks };
}

describe("cliai doctor", () => {
  test("finds nothing wrong with a sound server, and says what it looked at", async () => {
    await using dir = await tempDir();
    const PATH = await pathWithClaude(dir, "2.1.330");
    await using serve = await serveWith(PATH);
    await using model = await startModelEndpoint({
      ...llamaRoutes(),
      [chatCall]: chatStream({ text: "Hello." }),
    });
    const gpu = { cli: "local", model_server: { url: model.url } };
    await writeFile(join(serve.dataDir, "profiles.json"), JSON.stringify({ gpu }));
    const server = modelServerName(model.url, hostname());
    const model_request = { server, slots: 1, state: "idle", since: new Date().toISOString() };
    const beat = { agent_id: "ada", status: "idle", model_request };
    await serve.fetch("/api/heartbeat", { method: "POST", body: JSON.stringify(beat) });
    const { code, bad, all } = await examine(serve, PATH);
    expect(bad).toEqual([]);
    expect(code).toBe(0);
    expect(all.find(({ check }) => check === "model-server")?.message).toContain(
      "1 slot for 1 agent, native",
    );
    const looked = new Set(all.map(({ check }) => check));
    const wanted = [
      "serve",
      "exposure",
      "nats",
      "clock",
      "store",
      "streams",
      "files",
      "keys",
      "logs",
      "disk",
      "profiles",
      "model-server",
      "nats-server",
      ...agentClis.map(({ name }) => name),
    ];
    expect([...looked].sort()).toEqual(wanted.sort());
  });

  test("says of each agent CLI what it can do; one that is missing beside another, or newer than tried, is no problem", async () => {
    await using dir = await tempDir();
    const PATH = await pathWithClaude(dir, "99.0.0");
    await using serve = await serveWith(PATH);
    const { bad, all } = await examine(serve, PATH);
    expect(bad).toEqual([]);
    const claude = all.find(({ check }) => check === "claude")?.message ?? "";
    expect(claude).toContain(
      "is 99.0.0 (untried; tried: 2.1.330); terminal: all; headless: all but shared (no",
    );
    const missing = "opencode is not on PATH, so spawn cannot launch it (npm install -g opencode-ai)";
    expect(all).toContainEqual({ check: "opencode", ok: true, message: missing });
  });

  test("finds settings of Claude that turn hooks off, and tells of those that take HTTP hooks alone", async () => {
    await using dir = await tempDir();
    const PATH = await pathWithClaude(dir, "2.1.330");
    await using serve = await serveWith(PATH);
    const path = dir.join("settings.json");
    const env = { CLAUDE_CONFIG_DIR: dir.path };
    await writeFile(path, '{"disableAllHooks":true}');
    const off = await examine(serve, PATH, env);
    expect(off.bad).toMatchObject([
      {
        check: "claude",
        message: expect.stringContaining(`${path} sets disableAllHooks: cliai cannot hold`),
      },
    ]);
    await writeFile(path, '{"allowedHttpHookUrls":[],"env":{"OTEL_LOGS_EXPORTER":"otlp"}}');
    const { bad, all } = await examine(serve, PATH, env);
    expect(bad).toEqual([]);
    const messages = all.map(({ message }) => message).join();
    expect(messages).toContain("cliai uses command hooks instead");
    expect(messages).toContain(`${path} sets OTEL_LOGS_EXPORTER: cliai does not know the usage`);
  });

  test("finds a sound server behind a proxy that is dead", async () => {
    await using dir = await tempDir();
    const PATH = await pathWithClaude(dir, "2.1.330");
    await using serve = await serveWith(PATH);
    const proxy = "http://127.0.0.1:1";
    const env = { HTTP_PROXY: proxy, http_proxy: proxy, ALL_PROXY: proxy };
    expect((await examine(serve, PATH, env)).bad).toEqual([]);
  });

  test("does not take a server for gone that it cannot reach", async () => {
    await using dir = await tempDir();
    await using serve = await startServe();
    const file = JSON.parse(await readFile(`${serve.dataDir}/serve.json`, "utf8"));
    await writeFile(`${serve.dataDir}/serve.json`, JSON.stringify({ ...file, url: "http://127.0.0.1:1" }));
    const { bad } = await examine(serve, await pathWithClaude(dir, "2.1.330"));
    const message = `a server runs (pid ${file.pid}), but does not answer at http://127.0.0.1:1 from here`;
    expect(bad).toContainEqual(expect.objectContaining({ check: "serve", message }));
  });

  test("names each file that others can read, each link, and each leftover, with the command that mends it", async () => {
    await using dir = await tempDir();
    const PATH = await pathWithClaude(dir, "2.1.330");
    await using serve = await serveWith(PATH);
    const { dataDir } = serve;
    await chmod(serve.tokenPath, 0o644);
    await chmod(`${dataDir}/keys`, 0o755);
    await symlink("/etc/hostname", `${dataDir}/keys/link`);
    const { code, bad } = await examine(serve, PATH);
    expect(code).toBe(1);
    expect(bad).toEqual([
      {
        check: "files",
        ok: false,
        message: `${dataDir}/keys is open to other users (mode 755)`,
        remedy: `chmod 700 ${dataDir}/keys`,
      },
      expect.objectContaining({ remedy: `chmod 600 ${serve.tokenPath}` }),
      expect.objectContaining({ remedy: `rm ${dataDir}/keys/link` }),
    ]);
    const text = await serve.run(["doctor"], { env: { PATH } });
    expect(text.code).toBe(1);
    const lines = text.stdout.trimEnd().split("\n");
    expect(lines.filter((line) => line.startsWith("bad "))).toHaveLength(3);
    expect(lines.find((line) => line.includes("mode 644"))).toEndWith(`hint: chmod 600 ${serve.tokenPath}`);
  });

  test("works with the server down: by its files alone, and says how to start it", async () => {
    await using dir = await tempDir();
    const PATH = await pathWithClaude(dir, "2.1.330");
    const dead = { url: "http://127.0.0.1:1", nats_url: "nats://127.0.0.1:1", pid: 1, instance: "i" };
    const run = () => runCliai(["doctor", "--json", "--data-dir", dir.path], { env: { PATH } });
    for (const [text, message, remedy] of [
      [undefined, `no server runs on ${dir.path}`, "cliai serve"],
      ["{", "cannot read", `rm ${dir.path}/serve.json`],
      [
        JSON.stringify({ ...dead, data_dir: dir.path, version: "1", nats_version: "2" }),
        "is gone",
        "cliai serve",
      ],
    ]) {
      if (text !== undefined) await writeFile(dir.join("serve.json"), text, { mode: 0o600 });
      const { code, stdout } = await run();
      expect(code).toBe(1);
      const bad = readChecks(stdout).checks.filter(({ ok }) => !ok);
      expect(bad).toEqual([
        { check: "serve", ok: false, message: expect.stringContaining(message ?? ""), remedy: remedy ?? "" },
      ]);
    }
  });

  test("tells of an agent CLI that is missing, too old or broken, and of a server that lets everybody in", async () => {
    await using dir = await tempDir();
    await using serve = await serveWith(await pathWithClaude(dir, "2.1.330"), { args: ["--insecure"] });
    await mkdir(dir.join("none"));
    await mkdir(dir.join("broken"));
    await writeFile(dir.join("broken/claude"), "#!/bin/sh\nexit 3\n", { mode: 0o700 });
    for (const [PATH, message, remedy] of [
      [dir.join("none"), "claude is not on PATH", "npm install -g @anthropic-ai/claude-code"],
      [
        await pathWithClaude(dir, "2.0.14"),
        "cliai was tried with 2.1.330",
        "npm install -g @anthropic-ai/claude-code",
      ],
      [dir.join("broken"), "does not run", "--version"],
    ]) {
      const { bad } = await examine(serve, PATH ?? "");
      expect(bad.map(({ check }) => check).sort()).toEqual(["claude", "exposure"]);
      const found = bad.find(({ check }) => check === "claude");
      expect(found?.message).toContain(message ?? "");
      expect(found?.remedy).toContain(remedy ?? "");
      expect(bad.find(({ check }) => check === "exposure")?.message).toContain("--insecure");
    }
  });

  test("tells of a serve of another version, of a stream that is gone, and of a NATS that does not answer", async () => {
    await using dir = await tempDir();
    const PATH = await pathWithClaude(dir, "2.1.330");
    await using serve = await serveWith(PATH);
    const path = `${serve.dataDir}/serve.json`;
    const file = JSON.parse(await readFile(path, "utf8")) as { version: string };
    await writeFile(path, JSON.stringify({ ...file, version: "0.0.1" }), { mode: 0o600 });
    const other = await examine(serve, PATH);
    expect(other.bad).toEqual([
      expect.objectContaining({
        check: "serve",
        remedy: "cliai down && cliai serve --detach",
      }),
    ]);
    expect(other.bad[0]?.message).toContain("0.0.1 runs (pid ");
    await writeFile(path, JSON.stringify(file), { mode: 0o600 });

    const authenticator = credsAuthenticator(await readFile(serve.credsPath ?? ""));
    const connection = await connect({ servers: serve.natsUrl, authenticator });
    await (await connection.jetstreamManager()).streams.delete("AUDIT");
    await connection.close();
    const lost = await examine(serve, PATH);
    expect(lost.bad).toEqual([
      expect.objectContaining({ check: "streams", message: "JetStream has no AUDIT" }),
    ]);

    const { pid } = JSON.parse(await readFile(`${serve.dataDir}/nats/run.json`, "utf8")) as { pid: number };
    process.kill(pid, "SIGSTOP");
    try {
      const silent = await examine(serve, PATH);
      expect(silent.bad).toContainEqual(expect.objectContaining({ check: "nats", ok: false }));
    } finally {
      process.kill(pid, "SIGCONT");
    }
  });

  test("tells of an agent CLI that the server would not find, because it was started with another PATH", async () => {
    await using dir = await tempDir();
    const PATH = await pathWithClaude(dir, "2.1.330");
    await mkdir(dir.join("none"));
    await using serve = await startServe({ env: { PATH: dir.join("none") } });
    const { pid } = serve.child;
    expect((await examine(serve, PATH)).bad).toEqual([
      {
        check: "claude",
        ok: false,
        message: `${PATH}/claude is not on the PATH of the server (pid ${pid}), which launches the agents without a terminal`,
        remedy: "cliai down && cliai serve --detach",
      },
    ]);
    // Whoever has the server launch an agent is told the same.
    const profile = { passing: { description: "for a test", env: { OWN_KEY: true } } };
    await writeFile(`${serve.dataDir}/profiles.json`, JSON.stringify(profile));
    const own = { env: { PATH, OWN_KEY: "k" } };
    const launched = await serve.run(["spawn", "passing", "--detach", "--id", "ada"], own);
    expect(launched.code).toBe(1);
    expect(launched.stderr).toContain(
      `the server (pid ${pid}) does not find ${PATH}/claude, because it has another PATH than this shell; to change that: cliai down && cliai serve --detach\n`,
    );
    expect(launched.stderr).toContain(
      `the server (pid ${pid}) passes on its own OWN_KEY, not this shell's\n`,
    );
    expect(launched.stderr).toContain("OWN_KEY is not set");
    const other = await pathWithClaude(dir, "2.1.331");
    await using second = await serveWith(other);
    const { bad, all } = await examine(second, PATH);
    expect(bad).toEqual([]);
    expect(all.map(({ message }) => message).join("\n")).toContain(`finds ${other}/claude (2.1.331)`);
  });

  test("tells of files of cliai's and of profiles that are wrong, and of logs that cannot be written", async () => {
    await using dir = await tempDir();
    const PATH = await pathWithClaude(dir, "2.1.330");
    await using serve = await serveWith(PATH);
    const { dataDir } = serve;
    const profiles = { mine: { cli: "opencode" }, wrong: { colour: "pink" } };
    await writeFile(`${dataDir}/profiles.json`, JSON.stringify(profiles));
    await writeFile(`${dataDir}/clis.json`, "{", { mode: 0o600 });
    await mkdir(`${dataDir}/agents/ada/host.log`, { recursive: true, mode: 0o700 });
    const { bad } = await examine(serve, PATH);
    expect(bad.map(({ check, message, remedy }) => [check, message, remedy])).toEqual([
      ["files", expect.stringContaining(`${dataDir}/clis.json is damaged: `), `rm ${dataDir}/clis.json`],
      [
        "logs",
        expect.stringContaining(`${dataDir}/agents/ada/host.log cannot be written: `),
        `mv ${dataDir}/agents/ada/host.log ${dataDir}/agents/ada/host.log.old`,
      ],
      [
        "profiles",
        expect.stringContaining(`${dataDir}/profiles.json: "wrong.colour" must be one of red`),
        expect.any(String),
      ],
      ["profiles", 'the profile "mine" needs opencode, which is not on PATH', "npm install -g opencode-ai"],
    ]);
    await writeFile(`${dataDir}/profiles.json`, "[");
    const broken = (await examine(serve, PATH)).bad.filter(({ check }) => check === "profiles");
    expect(broken).toEqual([
      expect.objectContaining({ message: expect.stringContaining(`${dataDir}/profiles.json`) }),
    ]);
  });

  test("tells of a data directory that a newer cliai has written", async () => {
    await using dir = await tempDir();
    const PATH = await pathWithClaude(dir, "2.1.330");
    await writeFile(dir.join("layout.json"), '{"layout":99,"written_by":"9.9.9"}', { mode: 0o600 });
    const { stdout } = await runCliai(["doctor", "--json", "--data-dir", dir.path], { env: { PATH } });
    expect((JSON.parse(stdout) as { checks: Check[] }).checks).toContainEqual(
      expect.objectContaining({ check: "files", ok: false, message: expect.stringContaining("cliai 9.9.9") }),
    );
  });

  test("tells of a dashboard that others can reach without TLS", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("token"), "t".repeat(40), { mode: 0o600 });
    const args = ["--host", "0.0.0.0", "--token-file", dir.join("token")];
    const PATH = await pathWithClaude(dir, "2.1.330");
    await using serve = await serveWith(PATH, { args });
    const { bad } = await examine(serve, PATH);
    expect(bad).toEqual([
      expect.objectContaining({
        check: "exposure",
        message: expect.stringMatching(/^the dashboard can be reached/),
      }),
    ]);
  });
});
