// A server over a real nats-server, as `serve` puts it together, without HTTP.
import type { AuditOptions } from "../../src/audit/start-signing.ts";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import type { Server } from "../../src/server/server.ts";
import type { ServerOptions } from "../../src/server/start/server-options.ts";
import { startServer } from "../../src/server/start-server.ts";
import { startTestNats, type TestNats } from "./nats.ts";

export interface TestServer extends AsyncDisposable {
  readonly nats: TestNats;
  /** The connection the server itself uses. */
  readonly bus: Bus;
  readonly server: Server;
  /**
   * Stops the server and starts another over the same nats-server, as a restarted `serve` would.
   * @param meanwhile done while none runs
   */
  restart(meanwhile?: () => Promise<void>): Promise<TestServer>;
}

export interface TestServerOptions {
  readonly insecure?: boolean;
  readonly now?: () => Date;
  readonly audit?: AuditOptions;
  readonly resumeWindowMs?: number;
  readonly giveAgainAfterMs?: number;
  readonly onLimit?: ServerOptions["onLimit"];
  readonly openNotices?: ServerOptions["openNotices"];
  readonly observer?: ServerOptions["observer"];
  readonly budgets?: ServerOptions["budgets"];
  readonly followConnections?: ServerOptions["followConnections"];
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  await using starting = new AsyncDisposableStack();
  const server = await start(starting.use(await startTestNats()), options);
  starting.move();
  return server;
}

async function start(nats: TestNats, options: TestServerOptions): Promise<TestServer> {
  const bus = await nats.bus("serve");
  const server = await startServer(bus, {
    version: "0.0.0-test",
    replicas: 1,
    insecure: options.insecure ?? false,
    audit: options.audit,
    resumeWindowMs: options.resumeWindowMs,
    giveAgainAfterMs: options.giveAgainAfterMs,
    onLimit: options.onLimit,
    openNotices: options.openNotices,
    observer: options.observer,
    budgets: options.budgets,
    followConnections: options.followConnections,
    natsRestarts: nats.server.restarts,
    now: options.now ?? (() => new Date()),
    log: silentLogger,
  });
  let isStopped = false;
  const stop = async () => {
    if (!isStopped) await server.stop();
    isStopped = true;
  };
  return {
    nats,
    bus,
    server,
    restart: async (meanwhile) => {
      await stop();
      await meanwhile?.();
      return await start(nats, options);
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      await nats[Symbol.asyncDispose]();
    },
  };
}
