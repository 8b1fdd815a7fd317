// A real nats-server for one test file, in a directory and on a port of its own.
import { buildInfo } from "../../src/build-info.ts";
import { silentLogger } from "../../src/log.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { resolveServerBinary, type ServerBinary } from "../../src/nats/child/server-binary.ts";
import { type NatsServer, startNatsServer } from "../../src/nats/child/server-process.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { tempDir } from "./temp-dir.ts";

export interface TestNats extends AsyncDisposable {
  readonly url: string;
  /** Kills the nats-server as a crash would; `startNatsServer` starts it again. */
  kill(): void;
  readonly server: NatsServer;
  /** A connection of its own, closed with the server at the end. */
  bus(name?: string): Promise<Bus>;
}

/**
 * `await using nats = await startTestNats();`
 * @param options.port any free one when left out
 */
export async function startTestNats({ port = 0 } = {}): Promise<TestNats> {
  const dir = await tempDir();
  const buses: Bus[] = [];
  const server = await startNatsServer({
    binary: await testServerBinary(),
    dir: dir.join("nats"),
    port,
    // No test cuts the power of this machine, so nothing has to be on the disk at once.
    sync: "2m",
    log: silentLogger,
  });
  return {
    url: server.url,
    server,
    kill: () => {
      const pid = server.pid();
      if (pid === undefined) throw new Error("no nats-server runs");
      process.kill(pid, "SIGKILL");
    },
    bus: async (name = "test") => {
      const bus = await connectBus({ url: server.url, name, waitForServer: true, log: silentLogger });
      buses.push(bus);
      return bus;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
      await server.stop();
      await dir[Symbol.asyncDispose]();
    },
  };
}

/** The build's own nats-server: env `CLIAI_NATS_SERVER`, else what `bun build.ts` fetched, else one on PATH. */
export async function testServerBinary(): Promise<ServerBinary> {
  return await resolveServerBinary({
    dataDir: "unused: a run from source has no nats-server to unpack",
    flagPath: process.env.CLIAI_NATS_SERVER,
    cacheDir: buildInfo.serverCacheDir,
    searchPath: process.env.PATH,
  });
}

/** The path of {@link testServerBinary}. */
export async function testNatsServer(): Promise<string> {
  return (await testServerBinary()).path;
}
