// A real nats-server that accepts only our credentials, as `cliai serve` runs it, with the users that a test needs.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect, credsAuthenticator, type NatsConnection } from "nats";
import { type AgentId, parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { silentLogger } from "../../src/log.ts";
import {
  buildAgentAccountClaims,
  buildClaims,
  createAgentAccount,
  createSeed,
  type Minted,
  mintUser,
  type NatsKeys,
  type Revocations,
  readSeed,
} from "../../src/nats/accounts/credentials.ts";
import { agentPermissions } from "../../src/nats/accounts/permissions.ts";
import { pushAccountClaims } from "../../src/nats/accounts/system-account.ts";
import type { Bus } from "../../src/nats/bus.ts";
import { accountsDirOf } from "../../src/nats/child/server-config.ts";
import { type NatsServer, startNatsServer } from "../../src/nats/child/server-process.ts";
import { connectBus } from "../../src/nats/connect-bus.ts";
import { testServerBinary } from "./nats.ts";
import { tempDir } from "./temp-dir.ts";

export interface SecureNats extends AsyncDisposable {
  readonly url: string;
  readonly server: NatsServer;
  /** A connection with all rights in the fleet's account. */
  readonly serve: Bus;
  /** A connection of the system account. */
  readonly system: Bus;
  mintAgent(id: string): Promise<Minted>;
  /** Connects by the package `nats` itself, with an agent's credentials. The connection is closed at the end. */
  connectRaw(
    creds: string,
    options?: { readonly name?: string; readonly reconnect?: boolean },
  ): Promise<NatsConnection>;
  /** Has nats-server refuse these users from now on, and after a restart. */
  revoke(userKeys: readonly string[]): Promise<void>;
}

export async function startSecureNats(): Promise<SecureNats> {
  await using parts = new AsyncDisposableStack();
  const dir = parts.use(await tempDir());
  const keys: NatsKeys = {
    operator: readSeed("operator", createSeed("operator")),
    system: readSeed("system", createSeed("system")),
    account: readSeed("account", createSeed("account")),
  };
  const accounts = new Map<AgentId, string>();
  /** User key -> the agent. */
  const users = new Map<string, AgentId>();
  const server = await startNatsServer({
    binary: await testServerBinary(),
    dir: dir.join("nats"),
    port: 0,
    claims: () => buildClaims(keys, {}),
    log: silentLogger,
  });
  parts.defer(() => server.stop());
  const { url } = server;
  const bus = async (issuer: NatsKeys["account"], name: string) => {
    const { creds } = await mintUser(issuer, { name });
    const connected = await connectBus({ url, name, creds, log: silentLogger });
    parts.defer(() => connected.close());
    return connected;
  };
  const serve = await bus(keys.account, "serve");
  const system = await bus(keys.system, "system");
  const owned = parts.move();
  return {
    url,
    server,
    serve,
    system,
    mintAgent: async (name) => {
      const id = parseAgentId(name);
      const account = accounts.get(id) ?? createAgentAccount();
      if (!accounts.has(id)) {
        const claims = await buildAgentAccountClaims(keys, { id, key: account, revocations: {} });
        await writeFile(join(accountsDirOf(dir.join("nats")), `${account}.jwt`), claims);
      }
      accounts.set(id, account);
      const minted = await mintUser(keys.account, { name, account, permissions: agentPermissions(id) });
      users.set(minted.userKey, id);
      return minted;
    },
    connectRaw: async (creds, { name = "raw", reconnect = true } = {}) => {
      const connection = await connect({
        servers: url,
        name,
        reconnect,
        inboxPrefix: `_INBOX.${name}`,
        authenticator: credsAuthenticator(new TextEncoder().encode(creds)),
      });
      owned.defer(() => connection.close());
      return connection;
    },
    revoke: async (userKeys) => {
      for (const userKey of userKeys) {
        const id = users.get(userKey);
        const key = id && accounts.get(id);
        if (id === undefined || key === undefined) throw new Error(`no agent has ${userKey}`);
        const revocations: Revocations = { [userKey]: Math.floor(Date.now() / 1000) + 1 };
        await pushAccountClaims(system, await buildAgentAccountClaims(keys, { id, key, revocations }));
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
