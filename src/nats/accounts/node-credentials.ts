// The accounts and users of machines that join: the account JOIN, in which a machine without credentials may ask to join and nothing else,
// and the account of each node, in which there is nobody but that node and serve.
import {
  createUser,
  encodeAccount,
  encodeUser,
  fmtCreds,
  fromPublic,
  parseCreds,
  type User,
} from "@nats-io/jwt";
import type { SignedTimes } from "../../domain/nodes/renewal.ts";
import { joinHubSubject, joinInboxPrefix, joinRequestSubject } from "../../domain/wire/subjects.ts";
import { createAgentAccount, type NatsKeys, type Revocations } from "./credentials.ts";
import { readKeyPair } from "./key-pair.ts";
import { nodePermissions } from "./permissions.ts";

/** How much one message of a machine that joins may have. */
const mostAskedBytes = 4_096;
/** How many machines may ask at the same time. One more connection is that of serve. */
const mostAsking = 20;
const unlimited = {
  subs: -1,
  conn: -1,
  leaf: 0,
  imports: 0,
  exports: 0,
  data: -1,
  payload: -1,
  wildcards: true,
};
/** The name of the user that nats-server takes a client without credentials for. */
export const joinUserName = "join";
/** For a key that is never used again: until the end of time. */
const forGood = Number.MAX_SAFE_INTEGER;

export interface JoinAccount {
  /** Public keys. */
  readonly key: string;
  readonly userKey: string;
  /** The claims of the user that nats-server takes a client without credentials for (`default_sentinel`). */
  readonly sentinel: string;
}

export async function createJoinAccount({ account }: Pick<NatsKeys, "account">): Promise<JoinAccount> {
  const key = createAgentAccount();
  const user = readKeyPair(createUser().getSeed());
  const rights: Partial<User> = {
    bearer_token: true,
    pub: { allow: [joinHubSubject, joinRequestSubject] },
    sub: { allow: [`${joinInboxPrefix()}.>`] },
    ...{ subs: 2, payload: mostAskedBytes, data: -1 },
    allowed_connection_types: ["STANDARD"],
  };
  const sentinel = await encodeUser(joinUserName, user, key, rights, { signer: account });
  return { key, userKey: user.getPublicKey(), sentinel };
}

/** @param isOpen whether machines may ask to join. If not, nats-server refuses clients without credentials at once */
export async function buildJoinAccountClaims(
  { operator, account }: NatsKeys,
  { key, userKey }: JoinAccount,
  isOpen: boolean,
): Promise<string> {
  const claims = {
    limits: { ...unlimited, conn: mostAsking + 1, subs: 4 * mostAsking },
    signing_keys: [account.getPublicKey()],
    revocations: isOpen ? {} : { [userKey]: forGood },
  };
  return await encodeAccount("join", key, claims, { signer: operator });
}

export interface NodeUser {
  readonly name: string;
  /** The public keys of its user and of its account. */
  readonly user_key: string;
  readonly account_key: string;
}

/** The claims of one node's account. It imports and exports nothing: serve connects to it with a user of its own. */
export async function buildNodeAccountClaims(
  { operator, account }: NatsKeys,
  { name, user_key, account_key }: NodeUser,
  { isRevoked }: { readonly isRevoked: boolean },
): Promise<string> {
  const revocations: Revocations = isRevoked ? { [user_key]: forGood } : {};
  const claims = { limits: unlimited, signing_keys: [account.getPublicKey()], revocations };
  return await encodeAccount(`node-${name}`, account_key, claims, { signer: operator });
}

/** Signs the public key that a node has made itself. What it returns is of no use without the node's private key. */
export async function signNode({ account }: Pick<NatsKeys, "account">, node: NodeUser): Promise<string> {
  const { publish, subscribe } = nodePermissions(node.name);
  const rights: Partial<User> = {
    ...{ pub: { allow: [...publish] }, sub: { allow: [...subscribe] } },
    allowed_connection_types: ["STANDARD"],
  };
  return await encodeUser(nodeUserName(node.name), node.user_key, node.account_key, rights, {
    signer: account,
  });
}

/** The name of a node's user. No agent can have it, because of the colon: connections are recognised by it. */
export function nodeUserName(name: string): string {
  return `node:${name}`;
}

export interface UserKey {
  readonly publicKey: string;
  /** The private key: a secret. */
  readonly seed: string;
  /** The text of a `.creds` file, with the claims that somebody else has signed for the public key: a secret. */
  credsWith(jwt: string): string;
}

export function createUserKey(): UserKey {
  return readUserKey(new TextDecoder().decode(createUser().getSeed()));
}

/** @throws Error if it is no seed */
export function readUserKey(seed: string): UserKey {
  const pair = readKeyPair(new TextEncoder().encode(seed));
  return {
    publicKey: pair.getPublicKey(),
    seed,
    credsWith: (jwt) => new TextDecoder().decode(fmtCreds(jwt, pair)),
  };
}

/** Whether it is a public key, with the right checksum. */
export function isPublicKey(text: string): boolean {
  try {
    fromPublic(text);
    return true;
  } catch {
    return false;
  }
}

export interface Signed extends SignedTimes {
  readonly userKey: string;
  readonly jwt: string;
}

/** Reads the claims in the text of a `.creds` file, without checking their signature; undefined if it is not complete credentials. */
export async function readSigned(creds: string): Promise<Signed | undefined> {
  const parsed = await parseCreds(new TextEncoder().encode(creds)).catch(() => undefined);
  if (parsed === undefined) return undefined;
  const { sub, iat = 0, exp } = parsed.uc;
  return {
    ...{ userKey: sub, jwt: parsed.jwt, issuedAtMs: iat * 1_000 },
    expiresAtMs: exp === undefined ? undefined : exp * 1_000,
  };
}

/** The same credentials with other claims for the same key. What follows them, such as certificates, stays. */
export function withClaims(creds: string, { jwt: before }: Pick<Signed, "jwt">, jwt: string): string {
  return creds.replace(before, () => jwt);
}
