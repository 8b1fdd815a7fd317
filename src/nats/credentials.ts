// The keys and signed claims of nats-server's operator mode: made and read here, as text. Where the text is kept is the
// business of src/cli/keys.ts. The only importer of @nats-io/jwt besides connection-events.ts.
import {
  type Account,
  createAccount,
  createOperator,
  createUser,
  encodeAccount,
  encodeOperator,
  encodeUser,
  fmtCreds,
  fromSeed,
  type KeyPair,
  parseCreds,
} from "@nats-io/jwt";
import type { SubjectPermissions } from "./permissions.ts";

/** The operator vouches for two accounts: one for nats-server's own events, one for everything of the fleet. */
export const keyKinds = ["operator", "system", "account"] as const;
export type KeyKind = (typeof keyKinds)[number];
export type NatsKeys = Readonly<Record<KeyKind, KeyPair>>;

/** User key -> the moment up to which what was issued for it is void, in seconds since 1970. */
export type Revocations = Readonly<Record<string, number>>;

/** What nats-server is configured with: nothing of it is secret. */
export interface Claims {
  readonly operator: string;
  readonly system: { readonly key: string; readonly jwt: string };
  readonly account: { readonly key: string; readonly jwt: string };
}

export interface Minted {
  /** The public key of the user, by which it can be revoked. */
  readonly userKey: string;
  /** The text of a `.creds` file: a secret. */
  readonly creds: string;
}

export interface MintOptions {
  /** Shown by nats-server for each connection, and taken from there for who it is. */
  readonly name: string;
  /** All of the account when left out. */
  readonly permissions?: SubjectPermissions;
  readonly expiresAt?: Date;
}

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

/** A new key's seed: a secret. */
export function createSeed(kind: KeyKind): string {
  const pair = kind === "operator" ? createOperator() : createAccount();
  return new TextDecoder().decode(pair.getSeed());
}

/** @throws Error when the text is no seed of a key of this kind */
export function readSeed(kind: KeyKind, text: string): KeyPair {
  const seed = text.trim();
  if (!seed.startsWith(seedPrefix[kind])) throw new Error(`not the seed of an ${seedOwner(kind)} key`);
  try {
    return fromSeed(new TextEncoder().encode(seed));
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
    revocations: { ...revocations },
  };
  return await encodeAccount("CLIAI", account, claims, { signer: operator });
}

/** Makes a user of the fleet's account, or of the system account: valid at once, without nats-server being told. */
export async function mintUser(account: KeyPair, options: MintOptions): Promise<Minted> {
  const { name, permissions, expiresAt } = options;
  const user = createUser();
  const jwt = await encodeUser(
    name,
    user,
    account,
    permissions === undefined
      ? {}
      : {
          pub: { allow: [...permissions.publish] },
          sub: { allow: [...permissions.subscribe] },
          allowed_connection_types: ["STANDARD"],
        },
    expiresAt === undefined ? {} : { exp: Math.floor(expiresAt.getTime() / 1000) },
  );
  return { userKey: user.getPublicKey(), creds: new TextDecoder().decode(fmtCreds(jwt, user)) };
}

/** Whether the text is whole credentials that this account has issued; text that is no credentials at all is not. */
export async function isIssuedBy(creds: string, account: KeyPair): Promise<boolean> {
  const parsed = await parseCreds(new TextEncoder().encode(creds)).catch(() => undefined);
  return parsed?.uc.iss === account.getPublicKey();
}
