// The codes by which machines join: one file each in `keys/join-codes/`, with the hash of the secret. A code counts once, ends, and takes few
// wrong tries. Only the serve that holds the directory's lock redeems codes, one after another, so no code is used twice.
import { createHash, randomBytes } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { keysDirOf } from "../../data-dir/data-dir.ts";
import { ensureOwnDir, writePrivateFile } from "../../data-dir/private-files.ts";
import { base64url, buildJoinCode, joinCodeBytes } from "../../domain/nodes/join-code.ts";
import type { JoinAsk } from "../../domain/nodes/node-messages.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";

/** A code takes as many wrong secrets, and counts no more after that. */
const mostTries = 5;

const CodeFileSchema = v.object({
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{8}$/)),
  secret_sha256: v.string(),
  /** Whether the node may launch agents here. */
  may_launch: v.boolean(),
  made_at: v.string(),
  ends_at: v.string(),
  wrong_tries: v.number(),
  /** Who has joined by it. */
  used_by: v.optional(v.object({ user_key: v.string(), name: v.string(), at: v.string() })),
});
type CodeFile = v.InferOutput<typeof CodeFileSchema>;

export interface JoinCodeOrder {
  readonly lastsMs: number;
  readonly mayLaunch: boolean;
  readonly pin: Uint8Array;
  readonly now: Date;
}

const dirOf = (dataDir: string) => join(keysDirOf(dataDir), "join-codes");
const pathOf = (dataDir: string, id: string) => join(dirOf(dataDir), `${id}.json`);
const hashOf = (secret: string) => createHash("sha256").update(secret).digest("hex");

/**
 * Makes a code, which counts at once, and removes the files of those that have ended.
 * @throws CliaiError `data_dir_unwritable`
 */
export async function makeJoinCode(
  dataDir: string,
  { lastsMs, mayLaunch, pin, now }: JoinCodeOrder,
): Promise<{ readonly code: string; readonly endsAt: Date }> {
  const id = new Uint8Array(randomBytes(joinCodeBytes.id));
  const secret = new Uint8Array(randomBytes(joinCodeBytes.secret));
  const endsAt = new Date(now.getTime() + lastsMs);
  await ensureOwnDir(keysDirOf(dataDir));
  await ensureOwnDir(dirOf(dataDir));
  for (const ended of readCodes(dataDir)) {
    if (hasEnded(ended, now)) await rm(pathOf(dataDir, ended.id), { force: true });
  }
  await write(dataDir, {
    id: id.toHex(),
    secret_sha256: hashOf(base64url(secret)),
    may_launch: mayLaunch,
    ...{ made_at: now.toISOString(), ends_at: endsAt.toISOString(), wrong_tries: 0 },
  });
  return { code: buildJoinCode({ id, secret, pin }), endsAt };
}

/**
 * When the last code ends that somebody may ask for; undefined if there is none.
 * @param afterUseMs how long a used code counts, so that its own machine may ask again, and a second one is told why it fails
 */
export function lastCodeEnd(dataDir: string, now: Date, afterUseMs = 60_000): Date | undefined {
  const endOf = ({ ends_at, used_by }: CodeFile) => {
    const end = Date.parse(ends_at);
    return used_by === undefined ? end : Math.min(end, Date.parse(used_by.at) + afterUseMs);
  };
  const ends = readCodes(dataDir)
    .map(endOf)
    .filter((end) => end > now.getTime());
  return ends.length === 0 ? undefined : new Date(Math.max(...ends));
}

export interface Redeeming {
  readonly now: Date;
  /** Called before the code is used up. What it throws leaves the code as it was. */
  readonly admit: () => void;
  /** Whether the node that the code was used for is there still. */
  readonly isThere: (node: { readonly name: string; readonly user_key: string }) => boolean;
}

/**
 * Uses the code up for this public key and name. If the answer was lost, the same two may ask again, while the node that they became is there: a node
 * that was revoked meanwhile is not let in again.
 * @throws CliaiError `refused`: for a code that is unknown, has ended, was used, or was tried too often; what `admit` throws
 */
export async function redeemJoinCode(
  dataDir: string,
  { code_id, secret, user_key, name }: Pick<JoinAsk, "code_id" | "secret" | "user_key" | "name">,
  { now, admit, isThere }: Redeeming,
): Promise<{ readonly mayLaunch: boolean }> {
  const code = readCode(dataDir, code_id);
  if (code === undefined) throw refusal("the server has no such join code");
  if (hasEnded(code, now)) throw refusal(`the join code has ended, at ${code.ends_at}`);
  if (code.wrong_tries >= mostTries) throw refusal("the join code was tried too often, and counts no more");
  // Hashes may be compared in any way: who knows a hash does not know its secret.
  if (hashOf(secret) !== code.secret_sha256) {
    await write(dataDir, { ...code, wrong_tries: code.wrong_tries + 1 });
    throw refusal("the join code is wrong");
  }
  const { used_by: used } = code;
  if (used !== undefined) {
    const isSame = used.user_key === user_key && used.name === name;
    if (!isSame || !isThere(used)) throw refusal("the join code was used already: it counts once");
  }
  admit();
  const used_by = used ?? { user_key, name, at: now.toISOString() };
  await write(dataDir, { ...code, used_by });
  return { mayLaunch: code.may_launch };
}

/** Removes the codes that nobody has used. Returns how many of them had not ended. */
export async function withdrawJoinCodes(dataDir: string, now: Date): Promise<number> {
  const unused = readCodes(dataDir).filter(({ used_by }) => used_by === undefined);
  for (const { id } of unused) await rm(pathOf(dataDir, id), { force: true });
  return unused.filter((code) => !hasEnded(code, now)).length;
}

/** Removes the codes by which this key has joined. */
export async function removeCodesUsedBy(dataDir: string, userKey: string): Promise<void> {
  for (const { id, used_by } of readCodes(dataDir))
    if (used_by?.user_key === userKey) await rm(pathOf(dataDir, id), { force: true });
}

function refusal(message: string): CliaiError {
  return new CliaiError("refused", message, {
    hint: "on the server's machine, make another one: cliai join-code",
  });
}

/** A time that cannot be read has passed. */
const hasEnded = ({ ends_at }: CodeFile, now: Date) => !(Date.parse(ends_at) > now.getTime());

async function write(dataDir: string, code: CodeFile): Promise<void> {
  await writePrivateFile(pathOf(dataDir, code.id), `${JSON.stringify(code, null, 2)}\n`);
}

function readCodes(dataDir: string): CodeFile[] {
  if (!isFolder(dirOf(dataDir))) return [];
  const ids = readdirSync(dirOf(dataDir)).map((name) => /^([0-9a-f]{8})\.json$/.exec(name)?.[1]);
  return ids.flatMap((id) => (id === undefined ? [] : (readCode(dataDir, id) ?? [])));
}

/** Only files of our own count; one that is damaged is no code. */
function readCode(dataDir: string, id: string): CodeFile | undefined {
  const path = pathOf(dataDir, id);
  try {
    if (!isFolder(dirOf(dataDir)) || !lstatSync(path).isFile()) return undefined;
    const code = decodeMessage(CodeFileSchema, readFileSync(path));
    return code.id === id ? code : undefined;
  } catch {
    return undefined; // it gives nobody a right
  }
}

const isFolder = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
