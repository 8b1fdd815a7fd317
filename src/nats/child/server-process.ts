// This room runs nats-server as our child.
//
// Keeps the nats-server of `serve` running: starts it, restarts it if it dies, and ends it by its handle. start-once.ts does one
// start.
import type { ChildProcess } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { messageOf } from "../../domain/text/errors.ts";
import { ownAddress } from "../../domain/wire/own-address.ts";
import { hasEnded, signalChild } from "../../processes/end-process.ts";
import { pause } from "../../waiting.ts";
import { endOrphan } from "./leftover-server.ts";
import { canSync } from "./server-config.ts";
import { defaultSync, type NatsServerOptions, startOnce } from "./start-once.ts";
import { watchStore } from "./store-watch.ts";

const endWithinMs = 5_000;
const firstSpacingMs = 100;
const widestSpacingMs = 5_000;
/** A nats-server that ran for this long is restarted at once if it dies. */
const livedWellMs = 10_000;

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  /** The process id of the present child; undefined while none runs. */
  pid(): number | undefined;
  /** How often nats-server was restarted. */
  restarts(): number;
  /** Why nats-server does not store anything, for a person; undefined if it does. */
  trouble(): string | undefined;
  stop(): Promise<void>;
}

/**
 * Resolves when nats-server takes connections.
 * @throws CliaiError `port_taken`, or `failed` with the last line of nats-server's log, within 5 s
 */
export async function startNatsServer(options: NatsServerOptions): Promise<NatsServer> {
  const { binary, dir, sync = defaultSync, kill, log } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await endOrphan(dir, log);
  if (!canSync(binary.version, sync)) {
    log.warn(
      `nats-server ${binary.version} ignores --sync ${sync} and flushes to the disk every two minutes: --sync needs nats-server 2.10 or newer`,
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
      log.warn("there is space on the disk again: restarting nats-server");
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
      log.error(`nats-server ended unexpectedly (${signalCode ?? `exit code ${exitCode}`}); restarting it`);
      restarting = restart();
    };
    if (hasEnded(started)) onEnd();
    else started.once("exit", onEnd);
  };
  /** Restarts nats-server, with a longer pause before each try, no matter whether it dies before or after it was ready. */
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
        log.error(`cannot restart nats-server: ${messageOf(error)}`);
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

async function endChild(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  signalChild(child, "SIGTERM");
  const timer = setTimeout(() => signalChild(child, "SIGKILL"), endWithinMs);
  await ended;
  clearTimeout(timer);
}
