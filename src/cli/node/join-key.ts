// The key with which this machine asks to join: `keys/join-key.json`, from before it asks until it has joined. So a join that fails half-way can be
// repeated with the same code, which counts for the same key alone.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { keysDirOf } from "../../data-dir/data-dir.ts";
import { ensureOwnDir, ensurePrivateDir, writePrivateFile } from "../../data-dir/private-files.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { createUserKey, readUserKey, type UserKey } from "../../nats/accounts/node-credentials.ts";

const JoinKeySchema = v.object({ code_id: v.string(), seed: v.string() });

const joinKeyPath = (dataDir: string) => join(keysDirOf(dataDir), "join-key.json");

/** The key for this code: the same one each time. @throws CliaiError `data_dir_unwritable` */
export async function ensureJoinKey(dataDir: string, codeId: string): Promise<UserKey> {
  const kept = await readKept(dataDir, codeId);
  if (kept !== undefined) return kept;
  const key = createUserKey();
  await ensurePrivateDir(dataDir);
  await ensureOwnDir(keysDirOf(dataDir));
  await writePrivateFile(joinKeyPath(dataDir), `${JSON.stringify({ code_id: codeId, seed: key.seed })}\n`);
  return key;
}

/** Called when the key stands in the node's credentials. */
export async function removeJoinKey(dataDir: string): Promise<void> {
  await rm(joinKeyPath(dataDir), { force: true });
}

async function readKept(dataDir: string, codeId: string): Promise<UserKey | undefined> {
  try {
    const { code_id, seed } = decodeMessage(JoinKeySchema, await readFile(joinKeyPath(dataDir)));
    return code_id === codeId ? readUserKey(seed) : undefined;
  } catch {
    return undefined; // there is none, or it is damaged: then another one is made
  }
}
