// This room keeps the machines that have joined, and the codes by which they join. A change here wants extra scrutiny.
//
// The nodes: one file each in `keys/nodes/`, and a NATS account each, in which there is nobody but that node and serve. The private key of a node
// never was here: it has made the key itself, and only the public one is signed.
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { keysDirOf, natsDirOf } from "../../data-dir/data-dir.ts";
import { ensureOwnDir, isOwnDir, writePrivateFile } from "../../data-dir/private-files.ts";
import { isNodeName } from "../../domain/nodes/node-name.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import type { Logger } from "../../log.ts";
import {
  createAgentAccount,
  type JoinClaims,
  mintUser,
  type NatsKeys,
} from "../../nats/accounts/credentials.ts";
import {
  buildJoinAccountClaims,
  buildNodeAccountClaims,
  createJoinAccount,
  type JoinAccount,
  signNode,
} from "../../nats/accounts/node-credentials.ts";
import { pushAccountClaims } from "../../nats/accounts/system-account.ts";
import type { Bus } from "../../nats/bus.ts";
import { accountsDirOf } from "../../nats/child/server-config.ts";
import { revokeAgent } from "../agent-keys.ts";
import { ensureKeptKeys } from "../kept-keys.ts";
import { readTrust } from "../keys.ts";
import { tellAccount, tellRevocations } from "../push-revocations.ts";
import { lastCodeEnd, removeCodesUsedBy } from "./join-codes.ts";
import { clearPlacements, placedOn } from "./placements.ts";

const NodeFileSchema = v.object({
  name: v.pipe(v.string(), v.check(isNodeName)),
  user_key: v.string(),
  account_key: v.string(),
  /** Whether it may launch agents when serve asks it to. */
  may_launch: v.boolean(),
  /** The name of its machine when it joined. */
  host: v.string(),
  joined_at: v.string(),
});
/** A node. Times are RFC 3339. */
export type NodeGrant = v.InferOutput<typeof NodeFileSchema>;

export type NodeOrder = Omit<NodeGrant, "account_key" | "joined_at"> & { readonly now: Date };

const dirOf = (dataDir: string) => join(keysDirOf(dataDir), "nodes");
const grantPath = (dataDir: string, name: string) => join(keysDirOf(dataDir), "nodes", `${name}.json`);
const accountPath = (dataDir: string, key: string) => join(accountsDirOf(natsDirOf(dataDir)), `${key}.jwt`);

const JoinFileSchema = v.object({ account_key: v.string(), user_key: v.string(), sentinel: v.string() });

/** The account JOIN of this directory. Made at the first call. */
export async function readJoinAccount(
  dataDir: string,
  keys: Pick<NatsKeys, "account">,
): Promise<JoinAccount> {
  return await ensureKeptKeys<JoinAccount>(dataDir, {
    file: "join.json",
    what: "account for machines that join",
    withoutThem: "the next start makes another one, and no node is lost",
    parse(content) {
      const { account_key: key, user_key: userKey, sentinel } = decodeMessage(JoinFileSchema, content);
      return { key, userKey, sentinel };
    },
    async make() {
      const { key, userKey, sentinel } = await createJoinAccount(keys);
      return `${JSON.stringify({ account_key: key, user_key: userKey, sentinel }, null, 2)}\n`;
    },
  });
}

/** What nats-server has to know for machines that join. Open only while there is a code. */
export async function buildJoinClaims(dataDir: string, keys: NatsKeys, now: Date): Promise<JoinClaims> {
  const account = await readJoinAccount(dataDir, keys);
  const isOpen = lastCodeEnd(dataDir, now) !== undefined;
  const { key, sentinel } = account;
  return { key, jwt: await buildJoinAccountClaims(keys, account, isOpen), sentinel };
}

/** The credentials of serve in an account in which it answers: JOIN, or that of a node. They exist only in this process. */
export async function mintForAccount(dataDir: string, keys: NatsKeys, account: string): Promise<string> {
  const { creds } = await mintUser(keys.account, { name: "serve:node", account });
  return creds + (await readTrust(dataDir));
}

/** Whether the node of this name and key is there, and was not revoked. */
export function isNode(dataDir: string, { name, user_key }: Pick<NodeGrant, "name" | "user_key">): boolean {
  return nodeNames(dataDir).includes(name) && readGrant(dataDir, name).user_key === user_key;
}

/**
 * Refuses a name that another node has, also in another case, and a key that a node of another name has.
 * @throws CliaiError `usage`
 */
export function requireFreeName(
  dataDir: string,
  { name, user_key }: Pick<NodeGrant, "name" | "user_key">,
): void {
  const other = readNodes(dataDir, () => undefined).find((node) => node.user_key === user_key);
  if (other !== undefined && other.name !== name) {
    throw new CliaiError("usage", `this key is that of the node "${other.name}" already`, {
      hint: `on the server's machine: cliai nodes revoke ${other.name}`,
    });
  }
  const twin = nodeNames(dataDir).find((each) => each.toLowerCase() === name.toLowerCase());
  if (twin === undefined || readGrant(dataDir, twin).user_key === user_key) return;
  throw new CliaiError("usage", `there is a node "${twin}" already`, {
    hint: `join under another name: --name NAME; or on the server's machine: cliai nodes revoke ${twin}`,
  });
}

/**
 * Records the node, and signs its public key. The credentials are valid at once and until they are revoked. If the same key is there already, it is
 * signed again.
 * @throws CliaiError `usage` as {@link requireFreeName}; `data_dir_unwritable`
 */
export async function addNode(
  dataDir: string,
  keys: NatsKeys,
  { now, ...order }: NodeOrder,
): Promise<{ readonly node: NodeGrant; readonly jwt: string }> {
  requireFreeName(dataDir, order);
  const before = nodeNames(dataDir).includes(order.name) ? readGrant(dataDir, order.name) : undefined;
  const node = before ?? { ...order, account_key: createAgentAccount(), joined_at: now.toISOString() };
  await ensureOwnDir(keysDirOf(dataDir));
  await ensureOwnDir(dirOf(dataDir));
  // The grant first: a node without one could not be revoked.
  await writePrivateFile(grantPath(dataDir, node.name), `${JSON.stringify(node, null, 2)}\n`);
  await ensureNodeAccounts(dataDir, keys, [node]);
  return { node, jwt: await signNode(keys, node) };
}

/** Told of each file that cannot be used. It gives nobody a right, and the others count. */
export type OnUnusableNode = (problem: CliaiError) => void;

/** All nodes by name. */
export function readNodes(dataDir: string, onUnusable: OnUnusableNode): NodeGrant[] {
  return nodeNames(dataDir).flatMap((name) => {
    try {
      return [readGrant(dataDir, name)];
    } catch (error) {
      onUnusable(error as CliaiError);
      return [];
    }
  });
}

/** Writes the file of claims of each node's account that is missing. nats-server reads it when the first user connects. */
export async function ensureNodeAccounts(
  dataDir: string,
  keys: NatsKeys,
  nodes: readonly NodeGrant[],
): Promise<void> {
  if (nodes.length === 0) return;
  await ensureOwnDir(natsDirOf(dataDir));
  await ensureOwnDir(accountsDirOf(natsDirOf(dataDir)));
  for (const node of nodes) {
    const path = accountPath(dataDir, node.account_key);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) continue;
    await writePrivateFile(path, await buildNodeAccountClaims(keys, node, { isRevoked: false }));
    // The node was revoked meanwhile, by a process that may have looked for this file before it was there.
    if (lstatSync(grantPath(dataDir, node.name), { throwIfNoEntry: false }) === undefined) await rm(path);
  }
}

/**
 * Ends a node at once, and the agents that belong on it: their connections are closed, and their credentials count no more. Returns false if no
 * server runs.
 * @throws CliaiError `usage` if there is no such node; `config_invalid` if its file cannot be read; `failed` if nats-server does not accept it, and
 * `nats_unreachable` if it does not answer: then the node is as it was, and can be revoked again
 */
export async function revokeNode(
  dataDir: string,
  keys: NatsKeys,
  name: string,
  { now, log }: { readonly now: Date; readonly log: Logger },
): Promise<boolean> {
  const names = nodeNames(dataDir);
  if (!names.includes(name)) {
    throw new CliaiError("usage", `there is no node "${name}"`, {
      hint: didYouMean(name, names) ?? "list the nodes: cliai nodes",
    });
  }
  const node = readGrant(dataDir, name);
  await removeCodesUsedBy(dataDir, node.user_key);
  const claims = await buildNodeAccountClaims(keys, node, { isRevoked: true });
  const isLive = await tellAccount(dataDir, keys, claims, log);
  // Its agents before its file: if they cannot all be ended, the node can be revoked again.
  const agents = placedOn(dataDir, name, ({ message, hint }) =>
    log.warn(`an agent may be on the node ${name}, and was not ended: ${message}; ${hint}`),
  );
  for (const id of agents) {
    if ((await revokeAgent(dataDir, id, now)) > 0) await tellRevocations(dataDir, keys, id, log);
  }
  await clearPlacements(dataDir, name, () => undefined); // told above
  if (await isOwnDir(dirOf(dataDir))) await rm(grantPath(dataDir, name), { force: true });
  // Without this file nats-server does not find the account at its next start, so the credentials stay refused. Removed last: see
  // ensureNodeAccounts.
  await rm(accountPath(dataDir, node.account_key), { force: true });
  return isLive;
}

/** Whether there is a file of a node of this name, also one that cannot be used. */
export function hasNodeFile(dataDir: string, name: string): boolean {
  return nodeNames(dataDir).includes(name);
}

/**
 * Ends the connection of a node whose grant is gone, also if whoever has removed it could not tell nats-server.
 * @param system in the system account
 * @throws CliaiError
 */
export async function endGoneNode(
  dataDir: string,
  keys: NatsKeys,
  system: Bus,
  node: NodeGrant,
): Promise<void> {
  await pushAccountClaims(system, await buildNodeAccountClaims(keys, node, { isRevoked: true }));
  await rm(accountPath(dataDir, node.account_key), { force: true });
}

function readGrant(dataDir: string, name: string): NodeGrant {
  const path = grantPath(dataDir, name);
  try {
    const grant = decodeMessage(NodeFileSchema, readFileSync(path));
    if (grant.name !== name) throw new Error(`it is the file of "${grant.name}"`);
    return grant;
  } catch (cause) {
    throw new CliaiError("config_invalid", `cannot use ${path}: ${messageOf(cause)}`, {
      hint: "restore it from a backup, or remove it and join that machine again: cliai join-code",
      cause,
    });
  }
}

/** Only files of our own count: a symbolic link, or one that stands in the folder's place, gives nobody a right. */
function nodeNames(dataDir: string): string[] {
  const dir = dirOf(dataDir);
  if (lstatSync(dir, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => entry.name.slice(0, -".json".length))
    .filter(isNodeName)
    .sort();
}
