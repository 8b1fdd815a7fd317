// This room runs nats-server as our child.
//
// The nats-server that `serve` runs as its child: starts it, watches it, starts it again if it dies, and ends it by its
// handle.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { ownAddress } from "../../domain/wire/own-address.ts";
import type { Logger } from "../../log.ts";
import { signalChild } from "../../processes/end-process.ts";
import { pause } from "../../waiting.ts";
import type { Claims } from "../accounts/credentials.ts";
import { maxPayloadBytes } from "../payload.ts";
import { childEnvironment } from "./child-environment.ts";
import { endOrphan, recordRun } from "./leftover-server.ts";
import type { ServerBinary } from "./server-binary.ts";
import { accountsDirOf, buildServerConfig, canSync, type ServerTls } from "./server-config.ts";
import { type StoreWatch, watchStore } from "./store-watch.ts";
import { createViolationReader, type RepeatedViolation } from "./violations.ts";

const readyWithinMs = 5_000;
const endWithinMs = 5_000;
const firstSpacingMs = 100;
/** Go collects garbage when there is half as much of it as memory in use, and not as much: less memory for more CPU (docs/performance.md). */
const garbagePercent = "50";
const widestSpacingMs = 5_000;
/** In characters; only the end of a longer one is read. */
const longestLine = 64 * 1024;
/** After living this long, nats-server is started again at once if it dies. */
const livedWellMs = 10_000;
const defaultSync = "always";

export interface NatsServerOptions {
  readonly binary: Pick<ServerBinary, "path" | "version">;
  /** JetStream's files, the configuration and the ports file go here. */
  readonly dir: string;
  /** Default: this machine alone. */
  readonly host?: string | undefined;
  readonly tls?: ServerTls | undefined;
  /** 0 for any free port. */
  readonly port: number;
  /** Default `always`; docs/durability.md has the costs. */
  readonly sync?: string | undefined;
  /** The claims that it trusts, asked for at each start; without it, nats-server admits anybody. */
  readonly claims?: (() => Promise<Claims>) | undefined;
  /** If it aborts, the present child is killed at once and not started again. */
  readonly kill?: AbortSignal | undefined;
  /** Called with what it refuses to a connection, a few times a second at most for each user. */
  readonly onViolation?: ((violation: RepeatedViolation) => void) | undefined;
  readonly log: Logger;
}

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** The process id of the present child; another one after a restart, undefined while none runs. */
  pid(): number | undefined;
  /** How often it died and was started again. */
  restarts(): number;
  /** Why nats-server stores nothing, when its log says so. */
  trouble(): string | undefined;
  stop(): Promise<void>;
}

/**
 * Resolves when nats-server takes connections.
 * @throws CliaiError `port_taken`, or `failed` with nats-server's own last words, within 5 s
 */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const { binary, dir, sync = defaultSync, kill, log } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await endOrphan(dir, log);
  if (!canSync(binary.version, sync)) {
    log.warn(
      `nats-server ${binary.version} writes to the disk every two minutes, whatever --sync says (${sync}): that needs 2.10 or newer`,
    );
  }
  const serverName = `cliai-${crypto.randomUUID()}`;

  const ending = new AbortController();
  kill?.addEventListener("abort", () => ending.abort(), { once: true });
  let restarts = 0;
  let child: ChildProcess | undefined;
  const store = watchStore(
    dir,
    () => {
      log.warn("there is space again: nats-server is started anew");
      child?.kill("SIGTERM");
    },
    log,
  );
  let run = await startOnce(options, store, serverName, options.port === 0 ? -1 : options.port).catch(
    (error: unknown) => {
      store.stop();
      throw error;
    },
  );
  const { port } = run;
  let restarting: Promise<void> | undefined;
  let startedMs = performance.now();
  let spacingMs = 0;

  const keepAlive = (started: ChildProcess) => {
    child = started;
    const onEnd = () => {
      if (ending.signal.aborted) return;
      const { exitCode, signalCode } = started;
      if (performance.now() - startedMs >= livedWellMs) spacingMs = 0;
      log.error(
        `nats-server ended unexpectedly (${signalCode ?? `exit code ${exitCode}`}); it is started again`,
      );
      restarting = restart();
    };
    if (hasEnded(started)) onEnd();
    else started.once("exit", onEnd);
  };
  /** Pauses grow from one start to the next, whether nats-server gets ready and dies or never gets ready. */
  const restart = async () => {
    while (!ending.signal.aborted) {
      await pause(Math.max(0, startedMs + spacingMs - performance.now()), ending.signal);
      if (ending.signal.aborted) return;
      spacingMs = Math.min(Math.max(spacingMs * 2, firstSpacingMs), widestSpacingMs);
      startedMs = performance.now();
      restarts += 1;
      try {
        store.reset();
        run = await startOnce(options, store, serverName, port);
        if (ending.signal.aborted) await endChild(run.child);
        else keepAlive(run.child);
        return;
      } catch (error) {
        log.error(`nats-server does not start again: ${messageOf(error)}`);
      }
    }
  };
  keepAlive(run.child);

  return {
    url: `${options.tls === undefined ? "nats" : "tls"}://${ownAddress(options.host)}:${port}`,
    port,
    pid: () => (hasEnded(run.child) ? undefined : run.child.pid),
    restarts: () => restarts,
    trouble: store.trouble,
    stop: async () => {
      ending.abort();
      store.stop();
      await restarting;
      await endChild(run.child);
    },
  };
}

async function startOnce(
  { binary, dir, host, tls, claims, sync = defaultSync, kill, onViolation, log }: NatsServerOptions,
  store: StoreWatch,
  serverName: string,
  port: number,
): Promise<{ child: ChildProcess; port: number }> {
  const configPath = join(dir, "nats-server.conf");
  const trust = claims && { claims: await claims(), accountsDir: accountsDirOf(dir) };
  await rm(configPath, { force: true }); // a symbolic link in its place is not followed
  await writeFile(
    configPath,
    buildServerConfig({
      serverVersion: binary.version,
      serverName,
      host,
      tls,
      port,
      storeDir: dir,
      portsDir: dir,
      maxPayloadBytes,
      sync,
      trust,
    }),
    { mode: 0o600, flag: "wx" },
  );
  const child = spawn(binary.path, ["-c", configPath], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...childEnvironment(process.env), GOGC: process.env.GOGC ?? garbagePercent },
    // In a process group of its own, so that Ctrl-C reaches serve only, which ends nats-server after its own last writes.
    detached: process.platform !== "win32",
  });
  const killNow = () => signalChild(child, "SIGKILL");
  kill?.addEventListener("abort", killNow);
  child.once("exit", () => kill?.removeEventListener("abort", killNow));
  const violations = createViolationReader((violation) => onViolation?.(violation));
  child.once("close", violations.flush);
  const lastWords = collectLog(child, [store.read, violations.read], log);
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (cause) => reject(startFailure(binary.path, port, [cause.message])));
    child.once("exit", () => reject(startFailure(binary.path, port, lastWords)));
  });
  failed.catch(() => undefined);
  try {
    const known = { server_name: serverName, pid: child.pid ?? 0, host };
    // At once, because a serve that is killed before nats-server listens leaves it running, too.
    if (child.pid !== undefined) await recordRun(dir, { ...known, port: 0 });
    const readyPort = await Promise.race([portOf(child, binary.path, dir), failed]);
    await recordRun(dir, { ...known, port: readyPort });
    return { child, port: readyPort };
  } catch (error) {
    // It has stored nothing, so it can be killed: an orderly end might not work, and would delay the error.
    signalChild(child, "SIGKILL");
    throw error;
  }
}

/** nats-server writes `<its own file name>_<pid>.ports` once it listens. */
async function portOf(child: ChildProcess, binaryPath: string, dir: string): Promise<number> {
  const path = join(dir, `${basename(binaryPath)}_${child.pid}.ports`);
  const deadline = performance.now() + readyWithinMs;
  while (performance.now() < deadline && !hasEnded(child)) {
    const port = await readPort(path);
    if (port !== undefined) {
      await rm(path, { force: true });
      return port;
    }
    await pause(5);
  }
  throw new CliaiError("failed", `nats-server did not listen within ${readyWithinMs / 1000} s`, {
    hint: `see what it says: nats-server -c ${join(dir, "nats-server.conf")}`,
  });
}

async function readPort(path: string): Promise<number | undefined> {
  try {
    const ports = JSON.parse(await readFile(path, "utf8")) as { nats?: string[] };
    const url = ports.nats?.[0];
    return url === undefined ? undefined : Number(new URL(url).port);
  } catch {
    // Missing or half written; look again later.
    return undefined;
  }
}

/**
 * Keeps the last lines of nats-server's log, for the error that has to say why it ended. What reads a line must be quick:
 * while the pipe is full, nats-server stands.
 */
function collectLog(
  child: ChildProcess,
  readers: readonly ((line: string) => void)[],
  log: Logger,
): string[] {
  const lastWords: string[] = [];
  let rest = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = (lines.pop() ?? "").slice(-longestLine);
    for (const line of lines) {
      if (line === "") continue;
      log.debug(`nats-server: ${line}`);
      for (const read of readers) read(line);
      lastWords.push(line);
      if (lastWords.length > 20) lastWords.shift();
    }
  });
  return lastWords;
}

function startFailure(binaryPath: string, port: number, lastWords: readonly string[]): CliaiError {
  const fatal = lastWords.findLast((line) => line.includes("[FTL]")) ?? lastWords.at(-1) ?? "it said nothing";
  const why = fatal.replace(/^\[\d+\]\s+\S+\s+\S+\s+/, "");
  if (/address already in use|Only one usage of each socket address/.test(why)) {
    return new CliaiError("port_taken", `port ${port} for NATS is taken`, {
      hint: "end the program that uses it, or choose another port: cliai serve --nats-port 0",
    });
  }
  return new CliaiError("failed", `nats-server does not start: ${why}`, {
    hint: `see whether it runs by itself: ${binaryPath} --version`,
  });
}

/** A process that a signal ended has no exit code; one that could not be started has neither. */
function hasEnded({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid === undefined || exitCode !== null || signalCode !== null;
}

async function endChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  signalChild(child, "SIGTERM");
  const timer = setTimeout(() => signalChild(child, "SIGKILL"), endWithinMs);
  await ended;
  clearTimeout(timer);
}
