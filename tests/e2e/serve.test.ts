// The life of `cliai serve`: what it leaves on disk, how it ends, and how it comes back after a crash.
import { describe, expect, test } from "bun:test";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { runCliai, startCliai, startServe } from "../support/cliai.ts";
import { modeOf } from "../support/files.ts";
import { testNatsServer } from "../support/nats.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const isPosix = process.platform !== "win32";

async function answers(url: string): Promise<boolean> {
  return await fetch(url).then(
    () => true,
    () => false,
  );
}

/** Whether a NATS server answers there: without credentials it refuses, and so it is there. */
async function natsAnswers(natsUrl: string): Promise<boolean> {
  const run = await runCliai(["ls", "--url", natsUrl]);
  return run.code === 0 || run.code === 5;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("cliai serve", () => {
  test("is ready when it says so, and can be found by its serve.json, which is this user's alone", async () => {
    await using serve = await startServe();
    expect((await fetch(`${serve.url}/readyz`)).status).toBe(200);
    expect(await (await serve.fetch("/")).text()).toContain("<html");
    const file = JSON.parse(await readFile(`${serve.dataDir}/serve.json`, "utf8"));
    expect(file).toMatchObject({ url: serve.url, nats_url: serve.natsUrl, data_dir: serve.dataDir });
    expect(await (await fetch(`${serve.url}/healthz`)).json()).toMatchObject({ instance: file.instance });
    expect(await modeOf(serve.dataDir)).toBe("700");
    expect(await modeOf(`${serve.dataDir}/serve.json`)).toBe("600");
    expect(await serve.run(["ls", "--json"])).toMatchObject({ code: 0, stdout: "[]\n", stderr: "" });
  });

  test("says in one line that it is ready; with --json, in fields", async () => {
    await using dir = await tempDir();
    const free = ["--port", "0", "--nats-port", "0", "--data-dir", dir.path];
    await using child = await startCliai(["serve", ...free]);
    await child.line(/ready: http:\/\/127\.0\.0\.1:\d+\/login\?code=\S+ /);
    expect(child.stdout.trimEnd().split("\n")).toHaveLength(1);
    await using serve = await startServe();
    const fields = ["ready", "url", "nats_url", "data_dir", "version", "nats_version", "pid", "login_url"];
    expect(Object.keys(JSON.parse(serve.child.stdout))).toEqual(fields);
  });

  test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
    "%s ends it in order: no process, no serve.json, no lock",
    async (signal) => {
      await using serve = await startServe();
      const reader = new AbortController();
      const events = await serve.fetch("/api/events", { signal: reader.signal });
      expect(events.status).toBe(200);
      const { pid } = JSON.parse(await readFile(`${serve.dataDir}/nats/run.json`, "utf8"));
      expect(isAlive(pid)).toBe(true);
      serve.child.kill(signal);
      const end = await serve.child.exit();
      expect(end.code).toBe(0);
      // Deno 2.9 itself warns on stderr of its `request.signal`; nothing of ours may stand there.
      expect(end.stderr).not.toMatch(/error|warn /);
      reader.abort();
      expect(isAlive(pid)).toBe(false);
      expect(await answers(serve.url)).toBe(false);
      expect(await natsAnswers(serve.natsUrl)).toBe(false);
      expect((await readdir(serve.dataDir)).filter((name) => /serve|lock/.test(name))).toEqual([
        "serve.held",
      ]);
    },
  );

  test("a second signal ends it at once, and leaves no nats-server", async () => {
    await using serve = await startServe();
    const { pid } = JSON.parse(await readFile(`${serve.dataDir}/nats/run.json`, "utf8"));
    process.kill(pid, "SIGSTOP"); // now the ordered end has something to wait for
    serve.child.kill("SIGTERM");
    await waitFor(async () => (await fetch(`${serve.url}/readyz`)).status === 503, {
      what: "the end has begun",
    });
    serve.child.kill("SIGTERM");
    expect(await serve.child.exit(20_000)).toMatchObject({ code: 130 }); // the ordered end gives 0
    expect(await readdir(serve.dataDir)).not.toContain("serve.json");
    await waitFor(() => !isAlive(pid), { what: "nats-server is gone" });
  });

  test.if(isPosix)(
    "a second signal ends it while its nats-server is dead and does not start again",
    async () => {
      await using dir = await tempDir();
      const real = await testNatsServer();
      const natsServer = dir.join("nats-server");
      const script = `case "$1" in --version) exec "${real}" --version ;; esac
[ -e "$0.started" ] && exec sleep 30
touch "$0.started"
exec "${real}" "$@"`;
      await writeFile(natsServer, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
      await using serve = await startServe({
        args: ["--nats-server", natsServer],
        env: { CLIAI_LOG: "info" },
      });
      const { pid } = JSON.parse(await readFile(`${serve.dataDir}/nats/run.json`, "utf8"));
      process.kill(pid, "SIGKILL");
      await serve.child.line("nats-server ended unexpectedly (SIGKILL)", { from: "stderr" });
      serve.child.kill("SIGTERM");
      await serve.child.line("SIGTERM: the server ends", { from: "stderr" });
      serve.child.kill("SIGTERM");
      const end = await serve.child.exit(20_000);
      expect(end.code).toBe(130);
      expect(end.stderr).not.toContain("ESRCH");
      expect(await readdir(serve.dataDir)).not.toContain("serve.json");
    },
  );

  test("after kill -9 the next serve takes over the directory, its agents and the orphaned nats-server's store", async () => {
    await using dir = await tempDir();
    const dataDir = dir.join("data");
    await using first = await startServe({ dataDir });
    const heartbeat = { agent_id: "ada", status: "working" };
    const body = JSON.stringify(heartbeat);
    const headers = { "content-type": "application/json" };
    expect((await first.fetch("/api/heartbeat", { method: "POST", body, headers })).ok).toBe(true);
    await waitFor(async () => (await first.run(["show", "ada"])).code === 0, { what: "ada is in the store" });
    first.child.kill("SIGKILL");
    await first.child.exit();

    await using second = await startServe({ dataDir });
    const shown = await second.run(["show", "ada", "--json"]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ agent_id: "ada", said: { status: "working" } });
    expect(await natsAnswers(first.natsUrl)).toBe(first.natsUrl === second.natsUrl);
  });

  test("a living one is not taken over by a second that cannot reach it, nor is anything of it ended or removed", async () => {
    await using first = await startServe();
    const { dataDir } = first;
    const lock = await readFile(`${dataDir}/serve.lock`, "utf8");
    const file = await readFile(`${dataDir}/serve.json`, "utf8");
    const { pid } = JSON.parse(await readFile(`${dataDir}/nats/run.json`, "utf8"));
    const dead = "http://127.0.0.1:1";
    const proxy = { HTTP_PROXY: dead, http_proxy: dead, ALL_PROXY: dead };
    // As from another network namespace on the same volume: nobody is at the address that the lock names.
    const moved = JSON.stringify({ ...JSON.parse(lock), url: dead });
    for (const [content, env] of [
      [lock, proxy],
      [moved, {}],
    ] as const) {
      await writeFile(`${dataDir}/serve.lock`, content);
      const args = ["serve", "--port", "0", "--nats-port", "0", "--data-dir", dataDir];
      const second = await runCliai(args, { env });
      expect(second).toMatchObject({ code: 2, stdout: "" });
      expect(second.stderr).toStartWith(`error: another serve already runs on ${dataDir}, at http`);
      expect(await readFile(`${dataDir}/serve.json`, "utf8")).toBe(file);
      expect(await readFile(`${dataDir}/serve.lock`, "utf8")).toBe(content);
      expect(isAlive(pid)).toBe(true);
      expect(await natsAnswers(first.natsUrl)).toBe(true);
    }
  });

  test("uses an existing NATS server by --nats-url, starts none, and leaves it running", async () => {
    await using owner = await startServe();
    await using dir = await tempDir();
    const args = ["--nats-url", owner.natsUrl, "--nats-creds", owner.credsPath ?? "none"];
    await using guest = await startServe({ dataDir: dir.path, args });
    expect(guest.natsUrl).toBe(owner.natsUrl);
    expect(await readdir(dir.path)).not.toContain("nats");
    guest.child.kill("SIGTERM");
    expect(await guest.child.exit()).toMatchObject({ code: 0 });
    expect(await natsAnswers(owner.natsUrl)).toBe(true);
  });
});
