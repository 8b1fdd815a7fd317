// `serve --agent-protocol`: opens the gateway by which programs of others prompt our agents (src/agent-protocol).
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { storeAttachments } from "../../agent-protocol/attachments.ts";
import { type GatewayOptions, openGateway, type Peer } from "../../agent-protocol/gateway.ts";
import type { ServeSettings } from "../../config/serve-settings.ts";
import { readMintedAgents } from "../../credentials/agent-grants.ts";
import { isGoodPeer, mintForPeer, readPeers } from "../../credentials/peers.ts";
import { ownerToken } from "../../domain/agent-protocol/protocol-names.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { NatsKeys } from "../../nats/accounts/credentials.ts";
import type { Bus } from "../../nats/bus.ts";
import { connectBus } from "../../nats/connect-bus.ts";
import type { Server } from "../../server/server.ts";
import { type CliContext, operatorOf } from "../frame/context.ts";

export interface AgentProtocolOptions {
  readonly settings: Pick<ServeSettings, "agent_protocol">;
  readonly dataDir: string;
  readonly natsUrl: string;
  /** The keys of our own nats-server; undefined with --nats-url and with --insecure. */
  readonly keys: NatsKeys | undefined;
  readonly bus: Bus;
  readonly server: Server;
  readonly version: string;
  readonly context: CliContext;
  /** For tests. */
  readonly guestTimes?: GatewayOptions["guestTimes"];
}

/** Whoever reaches the fleet's account: with --insecure everybody, with --nats-url whom the operator of that server lets in. */
const anybody: Peer = { name: "unnamed", key: "", mayPermit: false, mayServe: false };

/** Opens it if the setting wants it. It closes with `parts`. */
export function openAgentProtocol(
  { settings, dataDir, natsUrl, keys, bus, server, version, context, guestTimes }: AgentProtocolOptions,
  parts: AsyncDisposableStack,
): void {
  if (!settings.agent_protocol) return;
  const { now, log } = context;
  const here = hostname();
  const gateway = openGateway({
    ...{ server, fleetBus: bus, version, now, log },
    owner: ownerToken(operatorOf(context)),
    ...(keys === undefined
      ? { readPeers: async () => [anybody], connect: async () => bus }
      : peersOf({ dataDir, natsUrl, keys, now, log })),
    // Only a program on this machine can read the files that serve stores.
    takesFiles: ({ host }) => host === here,
    saveAttachments: (id, taskId, attachments) => storeAttachments(dataDir, id, taskId, attachments),
    isReserved: (id) => readMintedAgents(dataDir).includes(id) || existsSync(join(dataDir, "agents", id)),
    guestTimes,
  });
  parts.defer(() => gateway.stop());
}

interface OwnPeers extends Pick<CliContext, "now" | "log"> {
  readonly dataDir: string;
  readonly natsUrl: string;
  readonly keys: NatsKeys;
}

/** The peers that `cliai peers add` has made. */
function peersOf({
  dataDir,
  natsUrl,
  keys,
  now,
  log,
}: OwnPeers): Pick<GatewayOptions, "readPeers" | "connect"> {
  const told = new Set<string>();
  const grants = () =>
    readPeers(dataDir, ({ message, hint }) => {
      if (!told.has(message)) log.warn(`${message}; ${hint}`);
      told.add(message);
    });
  return {
    async readPeers() {
      const good = grants().filter((grant) => isGoodPeer(grant, now()));
      return good.map(({ name, user_key, agents, may_permit, may_serve }) => ({
        ...{ name, key: user_key, agents, mayPermit: may_permit, mayServe: may_serve },
      }));
    },
    async connect({ name, key }) {
      const grant = grants().find(({ user_key }) => user_key === key);
      if (grant === undefined) throw new CliaiError("refused", `the peer ${name} is revoked`);
      const creds = await mintForPeer(dataDir, keys, grant);
      return await connectBus({ url: natsUrl, name: `cliai serve ${name}`, creds, log });
    },
  };
}
