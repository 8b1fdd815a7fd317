import { describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { silentLogger as log } from "../../../src/log.ts";
import { endOrphan, readRun, readServePort } from "../../../src/nats/child/leftover-server.ts";
import { startNatsServer } from "../../../src/nats/child/server-process.ts";
import { connectBus } from "../../../src/nats/connect-bus.ts";
import { readProcessStart } from "../../../src/processes/process-start.ts";
import { testServerBinary } from "../../support/nats.ts";
import { leastRatio } from "../../support/quickest.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

const binary = await testServerBinary();

const isPosix = process.platform !== "win32";

/** What the script of a server that takes connections does, as far as its parent can see. */
const ports = '"$(dirname "$2")/nats-server_$$.ports"';
const listens = `echo '{"nats":["nats://127.0.0.1:4999"]}' > ${ports}`;

/** Called as nats-server is: `-c FILE`. */
async function scriptServer(dir: TempDir, script: string) {
  await mkdir(dir.join("bin"));
  const path = dir.join("bin", "nats-server");
  await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
  return { path, version: "2.15.2" };
}

/** Whether the process is there, and no zombie. */
async function runs(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z"); // gone
  return stat.split(") ")[1]?.[0] !== "Z";
}

describe("startNatsServer()", () => {
  test("takes connections on loopback with JetStream and 8 MB payloads when it resolves, and is gone after stop()", async () => {
    await using dir = await tempDir();
    const server = await startNatsServer({ binary, dir: dir.path, port: 0, log });
    const bus = await connectBus({ url: server.url, name: "t", log });
    expect(bus.connection.info).toMatchObject({
      host: "127.0.0.1",
      jetstream: true,
      max_payload: 8 * 1024 * 1024,
    });
    await bus.close();
    await server.stop();
    expect(connectBus({ url: server.url, name: "t", log })).rejects.toMatchObject({
      code: "nats_unreachable",
    });
  });

  test("leaves the next serve the port of the last one if it was private, also when its starter is killed", async () => {
    await using dir = await tempDir();
    const options = { binary, dir: dir.path, port: 0, log };
    for (const isPrivate of [true, false, true]) {
      const known = await readServePort(dir.path);
      const server = await startNatsServer({ ...options, isPrivate });
      const run = await readRun(dir.path);
      await server.stop();
      expect(run).toMatchObject({ port: server.port, serve_port: isPrivate ? (known ?? 0) : server.port });
      expect(await readServePort(dir.path)).toBe(isPrivate ? known : server.port);
    }
  });

  test.if(isPosix)("waits longer for one that reads its store again, and says so", async () => {
    await using dir = await tempDir();
    const line = "[1] 2026/01/01 00:00:00.0 [INF]   Starting restore for stream '$G > AUDIT'";
    const script = await scriptServer(
      dir,
      `echo "${line.replace("$", "\\$")}" >&2; sleep 6; ${listens}; exec sleep 600`,
    );
    const told: string[] = [];
    const server = await startNatsServer({
      ...{ binary: script, dir: dir.path, port: 0 },
      log: { ...log, warn: (text) => told.push(text) },
    });
    expect(server.port).toBe(4999);
    expect(told).toContain("nats-server reads its large store again, and listens only then: waiting for it");
    await server.stop();
  });

  test("is started again on the same port when it dies, and keeps what was stored", async () => {
    await using dir = await tempDir();
    const server = await startNatsServer({ binary, dir: dir.path, port: 0, log });
    const first = server.pid();
    if (first === undefined) throw new Error("no pid");
    process.kill(first, "SIGKILL");
    await waitFor(() => server.restarts() === 1 && server.pid() !== undefined && server.pid() !== first, {
      what: "another process",
    });
    const bus = await connectBus({ url: server.url, name: "t", waitForServer: true, log });
    await bus.close();
    await server.stop();
  });

  test.if(isPosix)(
    "one that gets ready and dies is started again ever later, and stop() does not wait for the next start",
    async () => {
      await using dir = await tempDir();
      const isKnown = `while [ -e ${ports} ]; do sleep 0.01; done`; // the file is removed when it was read
      const shortLived = await scriptServer(dir, `${listens}\n${isKnown}`);
      const server = await startNatsServer({ binary: shortLived, dir: dir.path, port: 0, log });
      const startedMs = performance.now();
      await waitFor(() => server.restarts() === 6, { what: "a sixth restart" });
      // At once, and then at least 100, 200, 400, 800 and 1600 ms from one start to the next.
      expect(performance.now() - startedMs).toBeGreaterThan(3_000);
      await server.stop();
      expect(server.restarts()).toBe(6);
    },
  );

  test("when it is to be killed, it is: whether it runs, has just died, or is about to be started again", async () => {
    await using dir = await tempDir();
    const kill = new AbortController();
    const server = await startNatsServer({ binary, dir: dir.path, port: 0, kill: kill.signal, log });
    const first = server.pid();
    if (first === undefined) throw new Error("no pid");
    process.kill(first, "SIGKILL");
    await waitFor(() => server.pid() !== first, {
      what: "the process is known to be dead",
      intervalMs: 1,
    });
    kill.abort();
    await server.stop();
    expect(server.pid()).toBeUndefined();
    expect(connectBus({ url: server.url, name: "t", log })).rejects.toMatchObject({
      code: "nats_unreachable",
    });
  });

  test.if(isPosix)(
    "one that never listens is given up within 5 s, whatever it does with a SIGTERM",
    async () => {
      await using dir = await tempDir();
      const deaf = await scriptServer(dir, `trap "" TERM\necho $$ > "$0.pid"\nwhile :; do sleep 0.1; done`);
      const most = 1.1;
      const ratio = await leastRatio(most, async () => {
        const startedMs = performance.now();
        expect(
          await startNatsServer({ binary: deaf, dir: dir.path, port: 0, log }).catch(
            (error: unknown) => error,
          ),
        ).toMatchObject({
          code: "failed",
          message: "nats-server did not listen within 5 s",
          hint: expect.stringContaining(dir.join("nats-server.conf")),
        });
        return (performance.now() - startedMs) / 5_000;
      });
      expect(ratio).toBeLessThanOrEqual(most);
      const pid = (await readFile(`${deaf.path}.pid`, "utf8")).trim();
      await waitFor(async () => !(await runs(Number(pid))), { what: "its end" });
    },
  );

  test("a taken port is one error with a hint", async () => {
    await using dir = await tempDir();
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const address = blocker.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    try {
      expect(
        await startNatsServer({ binary, dir: dir.path, port, log }).catch((error: unknown) => error),
      ).toMatchObject({
        code: "port_taken",
        message: `port ${port} for NATS is taken`,
      });
    } finally {
      blocker.close();
    }
  });

  test("the last words of a program that ends at once are told, also without a newline at their end", async () => {
    await using dir = await tempDir();
    const program = dir.join("nats-server");
    await writeFile(program, "#!/bin/sh\nprintf 'its disk has failed' >&2\nexit 1\n", { mode: 0o755 });
    const starting = startNatsServer({
      binary: { ...binary, path: program },
      dir: dir.path,
      port: 0,
      log,
    });
    expect(starting).rejects.toMatchObject({
      code: "failed",
      message: "nats-server does not start: its disk has failed",
    });
    await starting.catch(() => undefined);
  });

  test("a program that ends, and leaves a process that holds its output, has ended all the same", async () => {
    await using dir = await tempDir();
    const left = dir.join("left");
    const script = `sleep 20 & echo $! > '${left}'; echo 'its disk has failed' >&2; exit 1`;
    const binary = await scriptServer(dir, script);
    const failure = await startNatsServer({ binary, dir: dir.path, port: 0, log }).catch((error) => error);
    const pid = Number(await readFile(left, "utf8"));
    const isLeft = await runs(pid);
    if (isLeft) process.kill(pid, "SIGKILL");
    expect([failure.message, isLeft]).toEqual(["nats-server does not start: its disk has failed", true]);
  });

  test("a store that cannot be used is said in nats-server's own words", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join("jetstream"), "a file where the store's folder belongs");
    const starting = startNatsServer({ binary, dir: dir.path, port: 0, log });
    expect(starting).rejects.toMatchObject({
      code: "failed",
      message: expect.stringContaining("nats-server does not start"),
    });
  });

  test.if(isPosix)(
    "on a full disk, where it cannot say on which port it listens, that is the error, at once",
    async () => {
      await using dir = await tempDir();
      const words = "write /x/nats-server_1.ports: no space left on device";
      const line = `[1] 2026/01/01 00:00:00.0 [ERR] Error writing ports file (/x/nats-server_1.ports): ${words}`;
      const binary = await scriptServer(dir, `echo '${line}' >&2; exec sleep 600`);
      const failure = await startNatsServer({ binary, dir: dir.path, port: 0, log }).catch((error) => error);
      expect(failure).toMatchObject({
        code: "store_unavailable",
        message: `nats-server cannot write into ${dir.path}: no space left on device`,
      });
    },
  );

  test("a nats-server left by a killed serve is ended before another starts on its store", async () => {
    await using dir = await tempDir();
    const script = `import { startNatsServer } from ${JSON.stringify(import.meta.resolve("../../../src/nats/child/server-process.ts"))};
      import { silentLogger as log } from ${JSON.stringify(import.meta.resolve("../../../src/log.ts"))};
      const server = await startNatsServer({ binary: ${JSON.stringify(binary)}, dir: ${JSON.stringify(dir.path)}, port: 0, log });
      console.log(server.pid());
      setInterval(() => undefined, 1000);`;
    const serve = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(serve.stdout, "data")) as [Buffer];
    const orphan = Number(line.toString());
    const ended = once(serve, "exit");
    serve.kill("SIGKILL");
    await ended;
    expect(await runs(orphan)).toBe(true);

    const server = await startNatsServer({ binary, dir: dir.path, port: 0, log });
    await waitFor(async () => !(await runs(orphan)), { what: "the orphan's end" });
    expect(server.pid()).not.toBe(orphan);
    await server.stop();
  });

  test("a process that only has the number of a former nats-server is left alone", async () => {
    await using dir = await tempDir();
    const stranger = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"], {
      stdio: "ignore",
    });
    await once(stranger, "spawn");
    for (const started of [undefined, "another start of this number"]) {
      const run = { server_name: "cliai-x", pid: stranger.pid, port: 1, started };
      await writeFile(dir.join("run.json"), JSON.stringify(run));
      const server = await startNatsServer({ binary, dir: dir.path, port: 0, log });
      expect(stranger.exitCode).toBeNull();
      expect(stranger.signalCode).toBeNull();
      await server.stop();
    }
    const ended = once(stranger, "exit");
    stranger.kill("SIGKILL");
    await ended;
  });

  test.if(isPosix)(
    "a nats-server of a killed serve is found by its process where its port is out of reach",
    async () => {
      await using dir = await tempDir();
      await using stack = new AsyncDisposableStack();
      const orphan = await startNatsServer({ binary, dir: dir.path, port: 0, log });
      stack.defer(() => orphan.stop());
      const pid = orphan.pid();
      const run = JSON.parse(await readFile(dir.join("run.json"), "utf8"));
      expect(run).toMatchObject({ pid, port: orphan.port, started: await readProcessStart(pid ?? 0) });
      for (const port of [1, 0]) {
        const before = orphan.pid();
        const { started } = JSON.parse(await readFile(dir.join("run.json"), "utf8"));
        await writeFile(dir.join("run.json"), JSON.stringify({ ...run, pid: before, started, port }));
        await endOrphan(dir.path, log);
        await waitFor(() => orphan.pid() !== before, { what: `the end of ${before}, known by port ${port}` });
        await waitFor(
          async () => orphan.pid() !== undefined && (await readRun(dir.path))?.port === orphan.port,
          {
            what: "it is started again",
          },
        );
      }
    },
  );

  test("a nats-server that answers, but whose process is out of reach, keeps another from its store", async () => {
    await using dir = await tempDir();
    const stranger = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"], {
      stdio: "ignore",
    });
    await once(stranger, "spawn");
    const greeting = createServer((socket) => {
      socket.on("error", () => undefined).end('INFO {"server_name":"cliai-x"} \r\n');
    }).listen(0, "127.0.0.1");
    await once(greeting, "listening");
    const { port } = greeting.address() as AddressInfo;
    const run = { server_name: "cliai-x", pid: stranger.pid, port, started: "in another container" };
    await writeFile(dir.join("run.json"), JSON.stringify(run));
    expect(await endOrphan(dir.path, log).catch((error: unknown) => error)).toMatchObject({
      code: "already_running",
      message: expect.stringContaining(
        `port ${port}) still runs on ${dir.path}, and cannot be ended from here`,
      ),
    });
    expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
    greeting.close();
    const ended = once(stranger, "exit");
    stranger.kill("SIGKILL");
    await ended;
  });

  test("leaves no ports file behind", async () => {
    await using dir = await tempDir();
    const server = await startNatsServer({ binary, dir: dir.path, port: 0, log });
    expect((await readdir(dir.path)).filter((name) => name.endsWith(".ports"))).toEqual([]);
    await server.stop();
  });
});
