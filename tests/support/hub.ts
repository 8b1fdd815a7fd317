// A hub that other machines join: nats-server with the keys of a data directory, and what serve opens for machines. And such a machine.
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { CliContext } from "../../src/cli/frame/context.ts";
import { joinCommand } from "../../src/cli/node/join.ts";
import { nodeCommand } from "../../src/cli/node/node.ts";
import { codeDesk, withdrawDesk } from "../../src/cli/nodes/join-desks.ts";
import { nodesDesk } from "../../src/cli/nodes/nodes-desk.ts";
import type { DoorTimes } from "../../src/cli/serve/nodes/join-door.ts";
import { openMachines } from "../../src/cli/serve/nodes/open-machines.ts";
import { claimsOf, connectServe } from "../../src/cli/serve/serve-nats.ts";
import { ensureKeys } from "../../src/credentials/keys.ts";
import { natsDirOf } from "../../src/data-dir/data-dir.ts";
import { writeServeFile } from "../../src/data-dir/serve-file.ts";
import { CliaiError } from "../../src/domain/text/errors.ts";
import { silentLogger as log } from "../../src/log.ts";
import { startNatsServer } from "../../src/nats/child/server-process.ts";
import { askOperatorDesk } from "../../src/server/operator-desk.ts";
import { makeCertificate, type TestCertificate } from "./certificate.ts";
import { testContext } from "./cli-context.ts";
import { testServerBinary } from "./nats.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";

export const hubNames = ["DNS:hub.example", "IP:127.0.0.1"];

/** @param options.tls a certificate, or whether with one for `hub.example`, which this machine does not have as a name */
export async function startHub({
  tls: hasTls = false,
  doorTimes,
}: {
  readonly tls?: boolean | TestCertificate;
  readonly doorTimes?: DoorTimes;
} = {}) {
  const parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const made = hasTls === true ? await makeCertificate(dir, hubNames) : hasTls || undefined;
  const trust = made === undefined ? "" : `${made.cert.trim()}\n`;
  const dataDir = dir.join("hub");
  const keys = await ensureKeys(dataDir, trust);
  let aheadMs = 0;
  const now = () => new Date(Date.now() + aheadMs);
  const server = await startNatsServer({
    ...{ binary: await testServerBinary(), dir: natsDirOf(dataDir), port: 0, sync: "2m", log, tls: made },
    claims: claimsOf(dataDir, keys, { now, log }),
  });
  parts.defer(() => server.stop());
  const natsUrl = server.url;
  const { bus, system } = await connectServe(
    { url: natsUrl, keys, credsPath: undefined, dataDir, now, log },
    parts,
  );
  await writeServeFile(dataDir, {
    ...{ url: "http://127.0.0.1:1", nats_url: natsUrl, data_dir: dataDir, version: "1.2.3", commit: "" },
    ...{ pid: process.pid, instance: "i", insecure: false, nats_version: bus.serverVersion },
    nats_creds: join(dataDir, "keys", "operator.creds"),
  });
  const exposure = { host: "127.0.0.1", tls: made, trust };
  openMachines({ dataDir, natsUrl, exposure, bus, keys, system, now, log, doorTimes }, parts);
  return {
    ...{ dataDir, keys, natsUrl, port: server.port, bus, server, now },
    /** Sets the clock of this hub on. */
    setClockOn(ms: number) {
      aheadMs += ms;
    },
    makeCode: (lasts_ms = 600_000) => askOperatorDesk(bus, codeDesk, { lasts_ms, may_launch: false }),
    withdraw: () => askOperatorDesk(bus, withdrawDesk, {}),
    nodes: () => askOperatorDesk(bus, nodesDesk, {}),
    async node(name: string) {
      return (await this.nodes()).find((each) => each.name === name);
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Runs `cliai join` for a data directory of its own. */
export async function joinAs(dir: TempDir, name: string, url: string, code: string, input = "") {
  const stdin = new PassThrough();
  stdin.end(input);
  const context = testContext({ stdin });
  const dataDir = dir.join(name);
  const args = [url, code, "--name", name, "--data-dir", dataDir, "--no-start"];
  await joinCommand.run(args, context);
  return { dataDir, printed: context.printed };
}

/** Runs `cliai node` in this process, until it is disposed of. */
export function runNode(dataDir: string, more: Partial<CliContext> = {}): AsyncDisposable {
  const end = new AbortController();
  const context = testContext({ env: { CLIAI_HEARTBEAT: "0.2" }, outputEnded: end.signal, ...more });
  const running = nodeCommand.run(["--data-dir", dataDir], context);
  running.catch(() => undefined); // awaited at the end
  return {
    async [Symbol.asyncDispose]() {
      end.abort(new CliaiError("interrupted", "the test ends it"));
      await running;
    },
  };
}
