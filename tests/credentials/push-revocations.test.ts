import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { ensureAgentAccounts } from "../../src/credentials/agent-accounts.ts";
import { mintAgent, revokeAgent } from "../../src/credentials/agent-keys.ts";
import { ensureKeys, operatorCredsPath } from "../../src/credentials/keys.ts";
import { tellRevocations } from "../../src/credentials/push-revocations.ts";
import { natsDirOf } from "../../src/data-dir/data-dir.ts";
import { writeServeFile } from "../../src/data-dir/serve-file.ts";
import { silentLogger as log } from "../../src/log.ts";
import { buildClaims } from "../../src/nats/accounts/credentials.ts";
import { startNatsServer } from "../../src/nats/child/server-process.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { ada, bob } from "../support/agents.ts";
import { startTestNats, testServerBinary } from "../support/nats.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** A data directory whose serve says that its nats-server runs at `nats_url`, with these credentials for its operator. */
async function dataDirOf(nats_url: string, nats_creds?: string) {
  const dir = await tempDir();
  const keys = await ensureKeys(dir.path);
  await writeServeFile(dir.path, {
    ...{
      url: "http://127.0.0.1:1",
      nats_url,
      data_dir: dir.path,
      version: "0.0.0-test",
      nats_version: "2.15.0",
    },
    ...{ pid: process.pid, instance: "i1", nats_creds: nats_creds ?? operatorCredsPath(dir.path) },
  });
  return { dir, keys };
}

describe("tellRevocations()", () => {
  test("tells nobody without a serve, with one that uses another's nats-server, and with one that is gone", async () => {
    await using empty = await tempDir();
    const keys = await ensureKeys(empty.path);
    expect(await tellRevocations(empty.path, keys, ada, log)).toBe(false);
    await using others = await startTestNats();
    const foreign = await dataDirOf(others.url, "/elsewhere/operator.creds");
    await using _foreign = foreign.dir;
    expect(await tellRevocations(foreign.dir.path, foreign.keys, ada, log)).toBe(false);
    // Nobody listens on port 1.
    const gone = await dataDirOf("nats://127.0.0.1:1");
    await using _gone = gone.dir;
    expect(await tellRevocations(gone.dir.path, gone.keys, ada, log)).toBe(false);
  });

  test("ends the connection of a revoked agent that runs, and no other's", async () => {
    await using dir = await tempDir();
    const keys = await ensureKeys(dir.path);
    await using parts = new AsyncDisposableStack();
    const nats = await startNatsServer({
      ...{ binary: await testServerBinary(), dir: natsDirOf(dir.path), port: 0, log },
      claims: () => buildClaims(keys, {}),
    });
    parts.defer(() => nats.stop());
    const connectAs = async (id: typeof ada) => {
      const creds = await readFile(
        await mintAgent(dir.path, keys, { id, role: "agent", now: new Date() }),
        "utf8",
      );
      const bus = await connectBus({ url: nats.url, name: String(id), creds, log });
      parts.defer(() => bus.close());
      return bus;
    };
    const [own, other] = [await connectAs(ada), await connectAs(bob)];
    await ensureAgentAccounts(dir.path, keys, [ada, bob]);
    await writeServeFile(dir.path, {
      ...{ url: "http://127.0.0.1:1", nats_url: nats.url, data_dir: dir.path, version: "0.0.0-test" },
      ...{ nats_version: "2.15.0", pid: process.pid, instance: "i1" },
      nats_creds: operatorCredsPath(dir.path),
    });
    await revokeAgent(dir.path, ada, new Date());
    expect(await tellRevocations(dir.path, keys, ada, log)).toBe(true);
    await waitFor(() => !own.isConnected(), { what: "ada's connection has ended" });
    await other.flush();
    expect(other.isConnected()).toBe(true);
  });
});
