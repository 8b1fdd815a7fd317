// Makes and reads the keys and signed claims of nats-server's operator mode, as text; src/credentials stores that text. Only this
// file and node-credentials.ts import @nats-io/jwt.
import { isDeepStrictEqual } from "node:util";
import {
  type Account,
  type ClaimsData,
  createAccount,
  createOperator,
  createUser,
  encodeAccount,
  encodeOperator,
  encodeUser,
  fmtCreds,
  type KeyPair,
  parseCreds,
} from "@nats-io/jwt";
import { type AgentId, isAgentId } from "../../domain/wire/agent-id.ts";
import { agentSubject } from "../../domain/wire/subjects.ts";
import { readKeyPair } from "./key-pair.ts";
import { lentServices, lentStreams, type SubjectPermissions, servicesOf, streamsOf } from "./permissions.ts";

/**
 * The keys that sign. The operator's key signs all accounts: "system" for nats-server's own events, "account" for the fleet, and
 * one for each agent. The fleet's account key also signs the users of the agents' accounts, so these need no keys of their own.
 */
export const keyKinds = ["operator", "system", "account"] as const;
export type KeyKind = (typeof keyKinds)[number];
export type NatsKeys = Readonly<Record<KeyKind, KeyPair>>;

/** User key -> the time, in seconds since 1970, up to which its credentials are revoked. */
export type Revocations = Readonly<Record<string, number>>;

/** The claims in nats-server's configuration. They are not secret. */
export interface Claims {
  readonly operator: string;
  readonly system: { readonly key: string; readonly jwt: string };
  readonly account: { readonly key: string; readonly jwt: string };
  /** The account in which machines ask to join. */
  readonly join?: JoinClaims | undefined;
}

/** The account JOIN, and the user in it that nats-server takes a client without credentials for. */
export interface JoinClaims {
  readonly key: string;
  readonly jwt: string;
  readonly sentinel: string;
}

export interface Minted {
  /** The public key of the user, by which it can be revoked. */
  readonly userKey: string;
  /** The text of a `.creds` file: a secret. */
  readonly creds: string;
}

export interface MintOptions {
  /** The user's name. nats-server reports it with each connection, and an agent is recognised by it. */
  readonly name: string;
  /** The public key of the agent's account that the user is in; default: the issuer's account. */
  readonly account?: string;
  /** Default: everything in the account. */
  readonly permissions?: SubjectPermissions;
  readonly expiresAt?: Date;
}

/** The name of the user for a person's commands. It may do everything in the fleet's account. */
export const operatorName = "operator";

/** The length of a signature: 64 bytes in base64. */
const signatureLength = 86;
const seedPrefix: Readonly<Record<KeyKind, string>> = { operator: "SO", system: "SA", account: "SA" };
const unlimited = {
  subs: -1,
  conn: -1,
  leaf: -1,
  imports: -1,
  exports: -1,
  data: -1,
  payload: -1,
  wildcards: true,
};
const unlimitedStorage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

/** Makes a key and returns its seed, which is a secret. */
export function createSeed(kind: KeyKind): string {
  const pair = kind === "operator" ? createOperator() : createAccount();
  return new TextDecoder().decode(pair.getSeed());
}

/** @throws Error if the text is not a seed of this kind of key */
export function readSeed(kind: KeyKind, text: string): KeyPair {
  const seed = text.trim();
  if (!seed.startsWith(seedPrefix[kind])) throw new Error(`not the seed of an ${seedOwner(kind)} key`);
  try {
    return readKeyPair(new TextEncoder().encode(seed));
  } catch (cause) {
    throw new Error(`not the seed of an ${seedOwner(kind)} key`, { cause });
  }
}

const seedOwner = (kind: KeyKind) => (kind === "operator" ? "operator" : "account");

export async function buildClaims(keys: NatsKeys, revocations: Revocations): Promise<Claims> {
  const { operator, system } = keys;
  return {
    operator: await encodeOperator("cliai", operator, { system_account: system.getPublicKey() }),
    system: {
      key: system.getPublicKey(),
      jwt: await encodeAccount("SYS", system, { limits: unlimited }, { signer: operator }),
    },
    account: { key: keys.account.getPublicKey(), jwt: await buildAccountClaims(keys, revocations) },
  };
}

export async function buildAccountClaims(
  { operator, account }: NatsKeys,
  revocations: Revocations,
): Promise<string> {
  const claims: Partial<Account> = {
    limits: { ...unlimited, ...unlimitedStorage },
    exports: [
      ...lentServices.map(({ subject, hasManyAnswers = false, answerWithinMs }) => ({
        ...{ name: subject, subject, type: "service" as const },
        response_type: hasManyAnswers ? ("Stream" as const) : ("Singleton" as const),
        ...(answerWithinMs === undefined ? {} : { response_threshold: answerWithinMs * 1e6 }),
      })),
      ...lentStreams.map((subject) => ({ name: subject, subject, type: "stream" as const })),
    ],
    revocations: { ...revocations },
  };
  return await encodeAccount("CLIAI", account, claims, { signer: operator });
}

/** Makes an account for an agent or a peer, and returns its public key. The private key is not kept, because it is never needed. */
export function createAgentAccount(): string {
  return readKeyPair(createAccount().getSeed()).getPublicKey();
}

export interface AgentAccount {
  readonly id: AgentId;
  readonly key: string;
  readonly revocations: Revocations;
}

/**
 * The claims of one agent's account. Each agent has an account of its own because nats-server checks the subject that an agent
 * publishes on, but not the reply subject that it names. A reply stays in the account of the request, where nobody else is.
 */
export async function buildAgentAccountClaims(
  { operator, account }: NatsKeys,
  { id, key, revocations }: AgentAccount,
): Promise<string> {
  return await encodeAccount(`agent-${id}`, key, agentAccount(id, account, revocations), {
    signer: operator,
  });
}

/**
 * Whether these claims say the same as {@link buildAgentAccountClaims} would, apart from their time. It does not check the
 * signature: nats-server does, and here it would take milliseconds for each of maybe a thousand files at a start.
 */
export function isAgentAccountClaims(
  jwt: string,
  { operator, account }: NatsKeys,
  { id, key, revocations }: AgentAccount,
): boolean {
  try {
    const [, claims = "", signature = ""] = jwt.split(".");
    const { iss, sub, nats } = JSON.parse(Buffer.from(claims, "base64url").toString()) as ClaimsData<Account>;
    const wanted = Object.entries(agentAccount(id, account, revocations));
    return (
      iss === operator.getPublicKey() &&
      sub === key &&
      signature.length === signatureLength &&
      wanted.every(([name, value]) => isDeepStrictEqual(nats[name as keyof Account], value))
    );
  } catch {
    return false; // cut off, or not claims at all
  }
}

export interface PeerAccount {
  readonly name: string;
  readonly key: string;
  readonly revocations: Revocations;
}

/** The claims of one peer's account. It imports and exports nothing: serve connects to it with a user of its own. */
export async function buildPeerAccountClaims(
  { operator, account }: NatsKeys,
  { name, key, revocations }: PeerAccount,
): Promise<string> {
  const claims = {
    limits: unlimited,
    signing_keys: [account.getPublicKey()],
    revocations: { ...revocations },
  };
  return await encodeAccount(`peer-${name}`, key, claims, { signer: operator });
}

function agentAccount(id: AgentId, fleet: KeyPair, revocations: Revocations) {
  const services = servicesOf(id);
  const account = fleet.getPublicKey();
  return {
    limits: unlimited,
    signing_keys: [account],
    imports: [
      ...services.map(({ subject, local }) => ({
        ...{ name: subject, subject, account, local_subject: local, type: "service" as const },
      })),
      ...streamsOf(id).map((subject) => ({
        ...{ name: subject, subject, account, local_subject: subject, type: "stream" as const },
      })),
    ],
    // One by one, because nats-server 2.9 does not accept `>` here.
    mappings: Object.fromEntries(
      services
        .filter(({ subject, local }) => subject !== local)
        .map(({ subject, local }) => [subject, [{ subject: local, weight: 100 }]]),
    ),
    revocations: { ...revocations },
  };
}

/**
 * Makes a user of the fleet's account, the system account or an agent's account. It is valid at once; nats-server need not be told.
 * @param issuer the key of the user's account; for a user of an agent's account, the key of the fleet's account
 */
export async function mintUser(issuer: KeyPair, options: MintOptions): Promise<Minted> {
  const user = readKeyPair(createUser().getSeed());
  const userKey = user.getPublicKey();
  const jwt = await signUser(issuer, userKey, options);
  return { userKey, creds: new TextDecoder().decode(fmtCreds(jwt, user)) };
}

/** As {@link mintUser}, for a public key whose private key somebody else has. Returns the signed claims, which are no secret. */
export async function signUser(issuer: KeyPair, userKey: string, options: MintOptions): Promise<string> {
  const { name, permissions, expiresAt, account } = options;
  return await encodeUser(
    name,
    userKey,
    account ?? issuer,
    permissions === undefined
      ? {}
      : {
          pub: { allow: [...permissions.publish] },
          sub: { allow: [...permissions.subscribe] },
          allowed_connection_types: ["STANDARD"],
        },
    {
      ...(account === undefined ? {} : { signer: issuer }),
      ...(expiresAt === undefined ? {} : { exp: Math.floor(expiresAt.getTime() / 1000) }),
    },
  );
}

export interface NamedUser {
  /** The agent that this program made the user for. */
  readonly agentId?: AgentId;
  /** Whether it is the user `operatorName` of a fleet, who may do everything there. */
  readonly isOperator: boolean;
}

/** Reads the user in the text of a `.creds` file, without checking its signature; undefined if the text is not credentials. */
export async function readUser(creds: string): Promise<NamedUser | undefined> {
  const claims = (await parseCreds(new TextEncoder().encode(creds)).catch(() => undefined))?.uc;
  if (claims === undefined) return undefined;
  const { name, nats } = claims;
  const allowed = nats.pub?.allow ?? [];
  if (isAgentId(name) && allowed.includes(agentSubject(name, "heartbeat"))) {
    return { agentId: name, isOperator: false };
  }
  return { isOperator: name === operatorName && allowed.length === 0 && nats.issuer_account === undefined };
}

/** Whether the text is complete credentials, issued by this account. */
export async function isIssuedBy(creds: string, account: KeyPair): Promise<boolean> {
  const parsed = await parseCreds(new TextEncoder().encode(creds)).catch(() => undefined);
  return parsed?.uc.iss === account.getPublicKey();
}
