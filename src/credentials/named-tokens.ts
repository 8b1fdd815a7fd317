// The named tokens of the HTTP API: one file each in `keys/tokens/`, with the token's hash. The token itself is shown once, and not kept.
import { createHash, randomBytes } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { keysDirOf } from "../data-dir/data-dir.ts";
import { ensureOwnDir, isOwnDir, writePrivateFile } from "../data-dir/private-files.ts";
import { isTokenName, type NamedToken, type TokenScope, tokenScopes } from "../domain/access/token-scopes.ts";
import { definedOf } from "../domain/defined.ts";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { didYouMean } from "../domain/text/nearest.ts";
import { type AgentId, AgentIdSchema } from "../domain/wire/agent-id.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { type Grant, isGood, readGrants } from "./agent-grants.ts";

const TokenFileSchema = v.object({
  name: v.pipe(v.string(), v.check(isTokenName)),
  scopes: v.array(v.picklist(tokenScopes)),
  token_sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  created_at: v.string(),
  expires_at: v.optional(v.string()),
  browser: v.optional(v.boolean()),
  /** Of an agent's token. An older serve, which does not know the field, sees a token without a scope. */
  agent: v.optional(AgentIdSchema),
  /** The user of the agent's NATS credentials. The token of an agent counts as long as these. */
  user_key: v.optional(v.string()),
});
type TokenFile = v.InferOutput<typeof TokenFileSchema>;

/** What a named token begins with, so that a person and a scanner for secrets recognise it. */
export const tokenPrefix = "cliai_";

const dirOf = (dataDir: string) => join(keysDirOf(dataDir), "tokens");
const pathOf = (dataDir: string, name: string) => join(dirOf(dataDir), `${name}.json`);
const hashOf = (token: string) => createHash("sha256").update(token).digest("hex");

export interface TokenOrder {
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  readonly expiresAt?: Date | undefined;
  readonly browser?: boolean | undefined;
  /** Makes the token of an agent. */
  readonly agent?: AgentId | undefined;
  readonly now: Date;
}

/**
 * Makes a token of 256 bits, which counts at once.
 * @throws CliaiError `usage` for a name that cannot be one, or is taken, also in another case; `agent_unknown` for an agent without credentials;
 * `data_dir_unwritable`
 */
export async function addNamedToken(
  dataDir: string,
  { name, scopes, expiresAt, browser, agent, now }: TokenOrder,
): Promise<NamedToken & { readonly token: string }> {
  if (!isTokenName(name)) {
    throw new CliaiError("usage", `"${name}" cannot be the name of a token`, {
      hint: "a name has up to 32 letters, digits, - and _, and begins with a letter or digit",
    });
  }
  const twin = takenTokenNames(dataDir).find((each) => each.toLowerCase() === name.toLowerCase());
  if (twin !== undefined) {
    throw new CliaiError("usage", `there is a token "${twin}" already`, {
      hint: `choose another name, or revoke that one first: cliai token revoke ${twin}`,
    });
  }
  const token = tokenPrefix + randomBytes(32).toString("base64url");
  const facts = { name, scopes: [...scopes], created_at: now.toISOString() };
  const grant = agent === undefined ? undefined : requireGrant(dataDir, agent, now);
  const expires_at = earlier(expiresAt?.toISOString(), grant?.expires_at);
  const named = { ...facts, ...definedOf({ expires_at, browser, agent }) };
  const file = { ...named, ...definedOf({ user_key: grant?.user_key }), token_sha256: hashOf(token) };
  await ensureOwnDir(keysDirOf(dataDir));
  await ensureOwnDir(dirOf(dataDir));
  await writePrivateFile(pathOf(dataDir, name), `${JSON.stringify(file satisfies TokenFile, null, 2)}\n`);
  return { ...named, token };
}

/** The credentials that the agent has now. @throws CliaiError `agent_unknown` */
function requireGrant(dataDir: string, agent: AgentId, now: Date): Grant {
  const grant = readGrants(dataDir, agent).findLast((each) => isGood(each, now));
  if (grant !== undefined) return grant;
  throw new CliaiError("agent_unknown", `the agent "${agent}" has no valid credentials here`, {
    hint: `make some first: cliai agents add ${agent}`,
  });
}

/** The earlier of two times in RFC 3339, UTC. */
function earlier(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one < other ? one : other;
}

/** The names of all tokens. Also those of damaged files, so that none of them is overwritten. */
export function takenTokenNames(dataDir: string): string[] {
  return namesIn(dirOf(dataDir));
}

/** Told of each file that cannot be used: damaged, unreadable, or under another name. It gives nobody a right, and the others count. */
export type OnUnusable = (problem: CliaiError) => void;

/** All named tokens by name, also those that have expired. */
export function readNamedTokens(dataDir: string, onUnusable: OnUnusable): NamedToken[] {
  return readFiles(dataDir, onUnusable).map(withoutSecrets);
}

/** The named token that this text is; undefined if it is none, or has expired. */
export function findNamedToken(
  dataDir: string,
  token: string,
  { now, onUnusable }: { readonly now: Date; readonly onUnusable: OnUnusable },
): NamedToken | undefined {
  if (!token.startsWith(tokenPrefix)) return undefined;
  // Hashes may be compared in any way: who knows a hash does not know its token.
  const hash = hashOf(token);
  const found = readFiles(dataDir, onUnusable).find(({ token_sha256 }) => token_sha256 === hash);
  if (found === undefined || isExpired(found, now)) return undefined;
  const { agent, user_key } = found;
  const hasCredentials = (id: AgentId) =>
    readGrants(dataDir, id).some((grant) => grant.user_key === user_key && isGood(grant, now));
  return agent === undefined || hasCredentials(agent) ? withoutSecrets(found) : undefined;
}

function withoutSecrets({ token_sha256: _hash, user_key: _key, ...named }: TokenFile): NamedToken {
  return named;
}

export function isExpired({ expires_at }: Pick<NamedToken, "expires_at">, now: Date): boolean {
  // A time that cannot be read has passed.
  return expires_at !== undefined && !(Date.parse(expires_at) > now.getTime());
}

/** @throws CliaiError `usage` with the nearest name if there is no such token */
export async function revokeNamedToken(dataDir: string, name: string): Promise<void> {
  const names = namesIn(dirOf(dataDir));
  if (!names.includes(name)) {
    throw new CliaiError("usage", `there is no token "${name}"`, {
      hint: didYouMean(name, names) ?? "cliai token list lists them",
    });
  }
  if (await isOwnDir(dirOf(dataDir))) await rm(pathOf(dataDir, name), { force: true });
}

function readFiles(dataDir: string, onUnusable: OnUnusable): TokenFile[] {
  return namesIn(dirOf(dataDir)).flatMap((name) => {
    const path = pathOf(dataDir, name);
    try {
      const read = decodeMessage(TokenFileSchema, readFileSync(path));
      if (read.name !== name) throw new Error(`it is the file of "${read.name}"`);
      return [read];
    } catch (cause) {
      const problem = new CliaiError("config_invalid", `cannot use ${path}: ${messageOf(cause)}`, {
        hint: `this token counts for nothing; make another one: cliai token revoke ${name}; cliai token add ${name} --scope …`,
        cause,
      });
      onUnusable(problem);
      return [];
    }
  });
}

/** Only files of our own count: a symbolic link, or one that stands in the folder's place, gives nobody a right. */
function namesIn(dir: string): string[] {
  try {
    if (!lstatSync(dir).isDirectory()) return [];
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
      .map((entry) => entry.name.slice(0, -".json".length))
      .filter(isTokenName)
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
