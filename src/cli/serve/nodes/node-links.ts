// What serve knows of the nodes: it joins the account of each, and hears whether the node is there.
import {
  endGoneNode,
  hasNodeFile,
  mintForAccount,
  type NodeGrant,
  readNodes,
} from "../../../credentials/nodes/nodes.ts";
import { placeForLaunch } from "../../../credentials/nodes/placements.ts";
import { definedOf } from "../../../domain/defined.ts";
import { type NodeHeartbeat, NodeHeartbeatSchema } from "../../../domain/nodes/node-messages.ts";
import { isHere, type NodeView } from "../../../domain/nodes/node-view.ts";
import { CliaiError, messageOf } from "../../../domain/text/errors.ts";
import { didYouMean } from "../../../domain/text/nearest.ts";
import { decodeMessage } from "../../../domain/wire/decode.ts";
import { nodeConnectionName, nodeSubject } from "../../../domain/wire/subjects.ts";
import type { Logger } from "../../../log.ts";
import type { NatsKeys } from "../../../nats/accounts/credentials.ts";
import { nodeUserName } from "../../../nats/accounts/node-credentials.ts";
import { type UserEvent, watchUsers } from "../../../nats/accounts/system-account.ts";
import type { Bus } from "../../../nats/bus.ts";
import { connectBus } from "../../../nats/connect-bus.ts";
import { askForBudgets } from "../../../server/budgets/budgets-by-operator.ts";
import { askOperatorDesk, openOperatorDesk } from "../../../server/operator-desk.ts";
import { agentCredentialsDesk, nodeLaunchDesk } from "../../nodes/agent-desks.ts";
import { launchWithinMs } from "../launch/agent-child.ts";
import type { NodeLaunching } from "../launch/node-launch.ts";
import { signForNode } from "./node-agents.ts";

/** How often to look for nodes that a command has revoked, and for those that have fallen silent. */
const lookEveryMs = 5_000;

/** How long after the order a node may have the credentials of an agent made: a launch may begin late, and a host takes its time. */
const mostMakeMs = 2 * launchWithinMs;

export interface NodeLinksOptions {
  readonly dataDir: string;
  readonly natsUrl: string;
  /** In the account of serve. */
  readonly bus: Bus;
  readonly keys: NatsKeys;
  /** In the system account: reports that a node's connection has ended. */
  readonly system: Bus;
  readonly now: () => Date;
  readonly log: Logger;
}

export interface NodeLinks extends NodeLaunching {
  list(): Promise<NodeView[]>;
  /** Looks for nodes that have joined or were revoked. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

interface Link {
  readonly node: NodeGrant;
  readonly bus: Bus;
  heartbeat?: NodeHeartbeat;
  /** By the clock that nobody sets. */
  heardMs?: number;
  heardAt?: Date;
  /** Whether its connection has ended since it was heard. */
  isCut: boolean;
  /** The last connection that has begun, if serve ran then. */
  newest?: Pick<UserEvent, "client" | "startedMs">;
  wasHere: boolean;
}

export function openNodeLinks(options: NodeLinksOptions): NodeLinks {
  const { dataDir, keys, system, log } = options;
  const links = new Map<string, Link>();
  const told = new Set<string>();
  let isStopping = false;
  let last: Promise<void> = Promise.resolve();

  const warnOnce = ({ message, hint }: { readonly message: string; readonly hint: string | undefined }) => {
    if (!told.has(message)) log.warn(`${message}; ${hint}`);
    told.add(message);
  };
  const reconcile = async () => {
    if (isStopping) return;
    const nodes = new Map(readNodes(dataDir, warnOnce).map((node) => [node.account_key, node]));
    const names = new Set([...nodes.values()].map(({ name }) => name));
    for (const [key, link] of links) {
      if (nodes.has(key)) continue;
      try {
        // A file that is damaged may be mended.
        const { name } = link.node;
        if (names.has(name) || !hasNodeFile(dataDir, name))
          await endGoneNode(dataDir, keys, system, link.node);
      } catch (error) {
        log.warn(`the node ${link.node.name} may still be connected: ${messageOf(error)}`);
        continue; // the next look tries again
      }
      links.delete(key);
      await link.bus.close();
    }
    for (const [key, node] of nodes) {
      if (!links.has(key)) links.set(key, await openLink(node, options, notice));
    }
    for (const link of links.values()) notice(link);
  };
  const look = () => {
    const looked = last.then(reconcile);
    last = looked.catch((error: unknown) => log.warn(`nodes: ${messageOf(error)}`));
    return looked;
  };
  const requireLink = async (name: string): Promise<Link> => {
    await look();
    return findLaunching([...links.values()], name);
  };
  const notice = (link: Link) => {
    const isNowHere = isLinkHere(link);
    if (isNowHere === link.wasHere) return;
    link.wasHere = isNowHere;
    log.info(`the node ${link.node.name} is ${isNowHere ? "here" : "away"}`);
  };
  const endEvents = watchUsers(
    system,
    (event) => {
      for (const link of links.values()) {
        // A `cliai spawn` there has a connection of its own, for a moment.
        const { name } = link.node;
        if (nodeUserName(name) === event.user && nodeConnectionName(name) === event.connection) {
          takeConnection(link, event);
          notice(link);
        }
      }
    },
    log,
  );
  const timer = setInterval(() => void look().catch(() => undefined), lookEveryMs); // `look` has logged it
  void look().catch(() => undefined); // the same
  return {
    look,
    async list() {
      await look();
      return [...links.values()].map(viewOf).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async launchable() {
      await look();
      return [...links.values()]
        .filter(({ node }) => node.may_launch)
        .map((link) => ({ name: link.node.name, isHere: isLinkHere(link) }));
    },
    require: requireLink,
    async launch(name, launch) {
      const link = await requireLink(name);
      const now = options.now();
      const { agent_id, flags } = launch;
      const placement = { agent_id, node: name, role: flags.role ?? "agent", placed_at: now.toISOString() };
      await placeForLaunch(dataDir, placement, new Date(now.getTime() + mostMakeMs));
      return await askOperatorDesk(link.bus, nodeLaunchDesk(name), launch);
    },
    async stop() {
      isStopping = true;
      clearInterval(timer);
      endEvents();
      await last;
      await Promise.all([...links.values()].map(({ bus }) => bus.close()));
    },
  };
}

/** @throws CliaiError `message_invalid` for a name that is no node; `refused` */
function findLaunching(links: readonly Link[], name: string): Link {
  const link = links.find(({ node }) => node.name === name);
  if (link === undefined) {
    const names = links.map(({ node }) => node.name);
    throw new CliaiError("message_invalid", `there is no node "${name}"`, {
      hint: didYouMean(name, names) ?? "list the nodes: cliai nodes",
    });
  }
  requireLaunching(link);
  return link;
}

/** @throws CliaiError `refused` */
function requireLaunching(link: Link): void {
  const { name, may_launch } = link.node;
  if (!may_launch) {
    throw new CliaiError("refused", `the node ${name} was not joined to launch agents`, {
      hint: `revoke it, and join it again with a code of: cliai join-code --spawn`,
    });
  }
  if (isLinkHere(link)) return;
  throw new CliaiError("refused", `the node ${name} is away`, {
    hint: "see when it was heard: cliai nodes; to start it there: cliai node",
  });
}

async function openLink(
  node: NodeGrant,
  options: NodeLinksOptions,
  notice: (link: Link) => void,
): Promise<Link> {
  const { dataDir, natsUrl, keys, now, log } = options;
  const creds = await mintForAccount(dataDir, keys, node.account_key);
  const bus = await connectBus({ url: natsUrl, name: `cliai serve ${node.name}`, creds, log });
  const link: Link = { node, bus, isCut: false, wasHere: false };
  bus.subscribe(nodeSubject(node.name, "heartbeat"), ({ data }) => {
    const heartbeat = decodeMessage(NodeHeartbeatSchema, data);
    if (heartbeat.node !== node.name) throw new Error(`it says that it is of "${heartbeat.node}"`);
    link.heartbeat = heartbeat;
    link.heardMs = performance.now();
    link.heardAt = now();
    link.isCut = false;
    notice(link);
  });
  openOperatorDesk(
    bus,
    agentCredentialsDesk(node.name),
    async (request) => {
      const signed = await signForNode(node, request, options);
      const { agent_id, limits } = request;
      // Without its limits, the agent does not get what was signed.
      if (limits !== undefined)
        await askForBudgets(options.bus, { launched: { agent_id, limits }, by: `node ${node.name}` });
      return signed;
    },
    log,
  );
  return link;
}

/** The end of a connection that was lost earlier may be seen only after the node is back by another one. */
function takeConnection(link: Link, { isUp, client, startedMs }: UserEvent): void {
  const { newest } = link;
  if (newest !== undefined && newest.client !== client && startedMs < newest.startedMs) return;
  if (isUp) link.newest = { client, startedMs };
  else link.isCut = true;
}

function isLinkHere({ heardMs, heartbeat, isCut }: Link): boolean {
  if (heardMs === undefined || heartbeat === undefined || isCut) return false;
  return isHere(performance.now() - heardMs, heartbeat.interval_s);
}

function viewOf(link: Link): NodeView {
  const { node, heartbeat, heardAt } = link;
  const { name, host, may_launch, joined_at } = node;
  const { version, platform, agents, pid } = heartbeat ?? {};
  return {
    ...{ name, host, may_launch, joined_at },
    state: isLinkHere(link) ? "here" : "away",
    ...definedOf({ last_heard: heardAt?.toISOString(), version, platform, agents, pid }),
  };
}
