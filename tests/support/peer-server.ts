// A server with credentials that speaks the Synadia agent protocol, and peers that connect to it with the plain NATS client.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, credsAuthenticator, type NatsConnection } from "nats";
import { type AgentProtocolOptions, openAgentProtocol } from "../../src/cli/serve/agent-protocol.ts";
import { claimsOf } from "../../src/cli/serve/serve-nats.ts";
import { ensureKeys } from "../../src/credentials/keys.ts";
import { addPeer, type PeerOrder } from "../../src/credentials/peers.ts";
import { natsDirOf } from "../../src/data-dir/data-dir.ts";
import { writeServeFile } from "../../src/data-dir/serve-file.ts";
import { silentLogger as log } from "../../src/log.ts";
import { mintUser } from "../../src/nats/accounts/credentials.ts";
import { startNatsServer } from "../../src/nats/child/server-process.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { startServer } from "../../src/server/start-server.ts";
import { testContext } from "./cli-context.ts";
import { testServerBinary } from "./nats.ts";
import { tempDir } from "./temp-dir.ts";

const now = () => new Date();

/** Of the user `Kim Lee`. `parts` ends all of it; `openProtocol` opens what `serve --agent-protocol` opens. */
export async function startPeerServer({ guestTimes }: Pick<AgentProtocolOptions, "guestTimes"> = {}) {
  const parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const keys = await ensureKeys(dir.path);
  const natsServer = await startNatsServer({
    ...{ binary: await testServerBinary(), dir: natsDirOf(dir.path), port: 0, sync: "2m", log },
    claims: claimsOf(dir.path, keys, { now, log }),
  });
  parts.defer(() => natsServer.stop());
  const natsUrl = natsServer.url;
  const { creds } = await mintUser(keys.account, { name: "serve" });
  const bus = await connectBus({ url: natsUrl, name: "serve", creds, log });
  parts.defer(() => bus.close());
  const options = { version: "1.2.3", replicas: 1, insecure: false, natsRestarts: () => 0, now, log };
  const server = await startServer(bus, options);
  parts.defer(() => server.stop());
  await writeServeFile(dir.path, {
    ...{ url: "http://127.0.0.1:1", nats_url: natsUrl, data_dir: dir.path, version: "1.2.3", commit: "" },
    ...{ pid: process.pid, instance: "i", insecure: false, nats_version: bus.serverVersion },
    nats_creds: join(dir.path, "keys", "operator.creds"),
  });
  const context = testContext({ env: { USER: "Kim Lee" } });
  const openProtocol = () => {
    const protocol = parts.use(new AsyncDisposableStack());
    const settings = { agent_protocol: true };
    const facts = { settings, dataDir: dir.path, natsUrl, keys, bus, server, version: "1.2.3", context };
    openAgentProtocol({ ...facts, guestTimes }, protocol);
    return protocol;
  };
  /** Connects with the credentials of a peer: of a new one, or of one that there is. */
  const connectPeer = async (
    peer: (Partial<PeerOrder> & { name: string }) | string,
  ): Promise<NatsConnection> => {
    const path =
      typeof peer === "string"
        ? peer
        : await addPeer(dir.path, keys, { mayPermit: false, now: now(), ...peer });
    const connection = await connect({
      ...{ servers: natsUrl, inboxPrefix: "_INBOX.agents", reconnect: false },
      authenticator: credsAuthenticator(await readFile(path)),
    });
    parts.defer(() => connection.close());
    return connection;
  };
  return { parts, dir, keys, natsUrl, bus, server, openProtocol, connectPeer };
}
