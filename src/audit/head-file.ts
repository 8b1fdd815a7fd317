// Keeps the end of the chain in a small signed file beside the signing key, outside of the store. So serve notices if the store is
// restored from an older copy. A loss that serve finds stays in the file.
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { ChainHeadSchema } from "../domain/audit/audit.ts";
import { parseJson } from "../domain/wire/decode.ts";
import { isSignedBy, type SigningKey } from "./signing.ts";

const fileName = "audit-head.json";
/** The first losses are kept, because they matter most. The number is limited, so that many losses do not fill the disk. */
const lossesKept = 20;

const LossSchema = v.object({
  head: ChainHeadSchema,
  /** Where the chain ended when the loss was found. */
  ended_at: v.number(),
  found_at: v.string(),
});
const NoteSchema = v.object({ version: v.literal(1), head: ChainHeadSchema, losses: v.array(LossSchema) });
const FileSchema = v.object({ note: v.string(), public_key: v.string(), signature: v.string() });

export type HeadNote = Readonly<v.InferOutput<typeof NoteSchema>>;

export interface HeadFile {
  /** Undefined if there is no file, or this key did not sign it. */
  read(): Promise<HeadNote | undefined>;
  write(note: Omit<HeadNote, "version">): Promise<void>;
}

export function openHeadFile(keysDir: string, key: SigningKey): HeadFile {
  const path = join(keysDir, fileName);
  return {
    read: () => readHeadNote(keysDir, [key.publicKey]),
    write: async ({ head, losses }) => {
      const note = JSON.stringify({ version: 1, head, losses: losses.slice(0, lossesKept) });
      const file = { note, public_key: key.publicKey, signature: key.sign(note) };
      const temporary = `${path}.${crypto.randomUUID()}`;
      await mkdir(keysDir, { recursive: true, mode: 0o700 });
      try {
        await writeFile(temporary, JSON.stringify(file), { mode: 0o600, flag: "wx" });
        await rename(temporary, path);
      } finally {
        await rm(temporary, { force: true });
      }
    },
  };
}

/** Reads the note in the directory. Undefined if there is none, or none of these keys signed it. */
export async function readHeadNote(keysDir: string, keys: readonly string[]): Promise<HeadNote | undefined> {
  const text = await readFile(join(keysDir, fileName), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  if (text === undefined) return undefined;
  const file = v.safeParse(FileSchema, jsonOf(text));
  if (!file.success) return undefined;
  const { note, public_key, signature } = file.output;
  if (!keys.includes(public_key) || !isSignedBy(public_key, note, signature)) return undefined;
  const result = v.safeParse(NoteSchema, jsonOf(note));
  return result.success ? result.output : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined; // not JSON: the file was cut off or overwritten
  }
}
