// Starts one nats-server: writes its configuration, spawns it, reads its log, and waits until it listens.
import { type ChildProcess, spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { CliaiError } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import { hasEnded, signalChild } from "../../processes/end-process.ts";
import { atMost, pause } from "../../waiting.ts";
import type { Claims } from "../accounts/credentials.ts";
import { maxPayloadBytes } from "../payload.ts";
import { childEnvironment } from "./child-environment.ts";
import { readServePort, recordRun, writeAnew } from "./leftover-server.ts";
import type { ServerBinary } from "./server-binary.ts";
import { accountsDirOf, buildServerConfig, type ServerTls } from "./server-config.ts";
import type { StoreWatch } from "./store-watch.ts";
import { createViolationReader, type RepeatedViolation } from "./violations.ts";

const readyWithinMs = 5_000;
/** The same while nats-server reads a large store again, which it does before it listens, after an end without order. */
const restoredWithinMs = 10 * 60_000;
/** How long its last words may come after its end. Another process that it has left may hold their pipe open for ever. */
const lastWordsWithinMs = 1_000;
/** GOGC. Go collects garbage when it is half as large as the memory in use (Go's default: as large). Less memory, more CPU. */
const garbagePercent = "50";
/** In characters. Of a longer line, only the end is read. */
const longestLine = 64 * 1024;
export const defaultSync = "always";

export interface NatsServerOptions {
  readonly binary: Pick<ServerBinary, "path" | "version">;
  /** The directory for JetStream's files, the configuration and the ports file. */
  readonly dir: string;
  /** The address to listen on; default loopback. */
  readonly host?: string | undefined;
  readonly tls?: ServerTls | undefined;
  /** 0 picks a free port. */
  readonly port: number;
  /**
   * Only its starter is to find it, and to keep it: the next serve does not take its port, but that of the serve before; and it ends soon after its
   * starter was killed (not on Windows). Default false.
   */
  readonly isPrivate?: boolean | undefined;
  /** Default `always`. docs/durability.md says what it costs. */
  readonly sync?: string | undefined;
  /** Returns the claims that nats-server trusts; called at each start. If undefined, nats-server lets everybody in. */
  readonly claims?: (() => Promise<Claims>) | undefined;
  /** If it aborts, nats-server is killed at once and not restarted. */
  readonly kill?: AbortSignal | undefined;
  /** Called when nats-server refuses something to a connection, at most a few times a second for each user. */
  readonly onViolation?: ((violation: RepeatedViolation) => void) | undefined;
  readonly log: Logger;
}

export async function startOnce(
  {
    binary,
    dir,
    host,
    tls,
    isPrivate = false,
    claims,
    sync = defaultSync,
    kill,
    onViolation,
    log,
  }: NatsServerOptions,
  store: StoreWatch,
  serverName: string,
  port: number,
): Promise<{ child: ChildProcess; port: number }> {
  const configPath = join(dir, "nats-server.conf");
  const trust = claims && { claims: await claims(), accountsDir: accountsDirOf(dir) };
  await writeAnew(
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
      endsWithStarter: isPrivate,
    }),
  );
  const child = spawn(binary.path, ["-c", configPath], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...childEnvironment(process.env), GOGC: process.env.GOGC ?? garbagePercent },
    // In a process group of its own, so that Ctrl-C reaches only serve. serve then ends nats-server after its last writes.
    detached: process.platform !== "win32",
  });
  const killNow = () => signalChild(child, "SIGKILL");
  kill?.addEventListener("abort", killNow);
  child.once("exit", () => kill?.removeEventListener("abort", killNow));
  const violations = createViolationReader((violation) => onViolation?.(violation));
  child.once("close", violations.flush);
  const restore = createRestoreReader();
  const ports = createPortsReader(dir);
  const lastWords = collectLog(child, [store.read, violations.read, restore.read, ports.read], log);
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (cause) => reject(startFailure(binary.path, port, [cause.message])));
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.once("exit", async () => {
      await atMost(lastWordsWithinMs, closed);
      reject(startFailure(binary.path, port, lastWords));
    });
  });
  failed.catch(() => undefined);
  try {
    const servePort = (await readServePort(dir)) ?? 0;
    const known = { server_name: serverName, pid: child.pid ?? 0, host };
    // Write run.json at once: a serve that is killed before nats-server listens also leaves it running.
    if (child.pid !== undefined) await recordRun(dir, { ...known, port: 0, serve_port: servePort });
    const listening = { binaryPath: binary.path, dir, isRestoring: restore.isRestoring, log };
    const readyPort = await Promise.race([portOf(child, listening), ports.failed, failed]);
    await recordRun(dir, { ...known, port: readyPort, serve_port: isPrivate ? servePort : readyPort });
    return { child, port: readyPort };
  } catch (error) {
    // Kill it, because it has stored nothing yet, and an orderly end could fail and would delay the error.
    signalChild(child, "SIGKILL");
    throw error;
  }
}

interface Listening {
  readonly binaryPath: string;
  readonly dir: string;
  readonly isRestoring: () => boolean;
  readonly log: Logger;
}

/** Waits for the file `<program name>_<pid>.ports`, which nats-server writes when it listens, and reads the port in it. */
async function portOf(
  child: ChildProcess,
  { binaryPath, dir, isRestoring, log }: Listening,
): Promise<number> {
  const path = join(dir, `${basename(binaryPath)}_${child.pid}.ports`);
  const startedMs = performance.now();
  let withinMs = readyWithinMs;
  while (performance.now() - startedMs < withinMs && !hasEnded(child)) {
    const port = await readPort(path);
    if (port !== undefined) {
      await rm(path, { force: true });
      return port;
    }
    await pause(5);
    if (performance.now() - startedMs < readyWithinMs || withinMs > readyWithinMs || !isRestoring()) continue;
    // Killed now, it would have to begin again at the next start.
    withinMs = restoredWithinMs;
    log.warn("nats-server reads its large store again, and listens only then: waiting for it");
  }
  // It has ended: `startOnce` rejects with its last words, once they are there.
  if (hasEnded(child)) return await new Promise<never>(() => undefined);
  throw new CliaiError("failed", `nats-server did not listen within ${withinMs / 1000} s`, {
    hint: `see what it says: nats-server -c ${join(dir, "nats-server.conf")}`,
  });
}

/** After the last stream was restored, nats-server soon begins the next one, or listens. */
const restoreGoesOnWithinMs = 2_000;

/** Reads from nats-server's log whether it reads a stream of its store again. */
function createRestoreReader() {
  let isInStream = false;
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    read(line: string) {
      const isBegin = line.includes("Starting restore for stream ");
      if (!isBegin && !/ Restored [\d,]+ messages for stream /.test(line)) return;
      isInStream = isBegin;
      lastMs = performance.now();
    },
    isRestoring: () => isInStream || performance.now() - lastMs < restoreGoesOnWithinMs,
  };
}

/** Reads from nats-server's log that it cannot write the file with its ports: on a full disk it listens, and nobody learns where. */
function createPortsReader(dir: string) {
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => undefined); // it may fail after nats-server was given up
  return {
    failed,
    read(line: string) {
      const why = / Error writing ports file \(.*\): (?:.*: )?(.*)$/.exec(line)?.[1];
      if (why === undefined) return;
      const hint = "free space on that disk, or make the folder writable for your user";
      reject(new CliaiError("store_unavailable", `nats-server cannot write into ${dir}: ${why}`, { hint }));
    },
  };
}

async function readPort(path: string): Promise<number | undefined> {
  try {
    const ports = JSON.parse(await readFile(path, "utf8")) as { nats?: string[] };
    const url = ports.nats?.[0];
    return url === undefined ? undefined : Number(new URL(url).port);
  } catch {
    // The file is missing or half written: look again later.
    return undefined;
  }
}

/**
 * Keeps the last lines of nats-server's log, for the error that says why it ended. The `readers` must be quick: while the pipe is
 * full, nats-server waits.
 */
function collectLog(
  child: ChildProcess,
  readers: readonly ((line: string) => void)[],
  log: Logger,
): string[] {
  const lastWords: string[] = [];
  let rest = "";
  const take = (line: string) => {
    if (line === "") return;
    log.debug(`nats-server: ${line}`);
    for (const read of readers) read(line);
    lastWords.push(line);
    if (lastWords.length > 20) lastWords.shift();
  };
  const stderr = child.stderr?.setEncoding("utf8");
  stderr?.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = (lines.pop() ?? "").slice(-longestLine);
    for (const line of lines) take(line);
  });
  stderr?.on("end", () => take(rest));
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
