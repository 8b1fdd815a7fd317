// What stands in a backup, and in which order: docs/backup.md describes it. A backup is a tar file, so that people can look into it with
// their own tools. Pure.
import * as v from "valibot";
import { StreamHeadSchema } from "../nats/jetstream/snapshot.ts";

export const manifestName = "backup.json";
/** The last entry. `sha256sum -c` reads it, too. */
export const checksumsName = "SHA256SUMS";
const filesFolder = "files/";
const streamsFolder = "streams/";
const headName = "stream.json";

/** Of the manifest, of the heads of streams, and of the list of checksums: what is longer is not ours. */
export const longestTextBytes = 64 * 1024 * 1024;

export const ManifestSchema = v.looseObject({
  format: v.literal("cliai-backup"),
  /** Raised with each change that an earlier cliai would misread. */
  version: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  created_at: v.string(),
  /** The version of cliai that made it. */
  cliai: v.string(),
  /** The version of nats-server that wrote the snapshots; absent if there are none. An older one may not read them. */
  nats_server: v.optional(v.string()),
  /** The layout of the data directory. */
  layout: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** Whether the streams are those of a server with `--insecure`, which has no accounts. */
  insecure: v.boolean(),
  /** What of the data directory it has, if not all. */
  part: v.exactOptional(v.string()),
});
export type Manifest = v.InferOutput<typeof ManifestSchema>;

/** The format that this program writes, and the latest that it reads. */
export const formatVersion = 1;

export type EntryPlace =
  | { readonly of: "manifest" }
  | { readonly of: "checksums" }
  /** A file or folder of the data directory, by its path with `/` in it. */
  | { readonly of: "file"; readonly path: string }
  | { readonly of: "head"; readonly stream: string }
  /** A piece of a snapshot; the pieces count from 1. */
  | { readonly of: "piece"; readonly stream: string; readonly number: number };

export function nameOf(place: EntryPlace): string {
  switch (place.of) {
    case "manifest":
      return manifestName;
    case "checksums":
      return checksumsName;
    case "file":
      return filesFolder + place.path;
    case "head":
      return `${streamsFolder}${place.stream}/${headName}`;
    case "piece":
      return `${streamsFolder}${place.stream}/${String(place.number).padStart(6, "0")}`;
  }
}

/**
 * Undefined for a name that no backup has. A path in `files/` never leads out of the data directory.
 * @param isWindows Windows reads `\` as `/`, and `:` as the end of a drive's or a stream's name; elsewhere they are letters like others
 */
export function placeOf(
  name: string,
  { isWindows }: { readonly isWindows: boolean },
): EntryPlace | undefined {
  if (name === manifestName) return { of: "manifest" };
  if (name === checksumsName) return { of: "checksums" };
  if (name.startsWith(filesFolder)) {
    const path = name.slice(filesFolder.length).replace(/\/$/, "");
    return isInside(path, isWindows) ? { of: "file", path } : undefined;
  }
  const [, stream, rest] = /^streams\/([A-Za-z0-9_-]{1,255})\/(stream\.json|\d{6,9})$/.exec(name) ?? [];
  if (stream === undefined || rest === undefined) return undefined;
  return rest === headName ? { of: "head", stream } : { of: "piece", stream, number: Number(rest) };
}

function isInside(path: string, isWindows: boolean): boolean {
  const parts = path.split("/");
  return (
    !(isWindows ? /[\\:\0]/ : /\0/).test(path) &&
    parts.every((part) => part !== "" && part !== "." && part !== "..")
  );
}

/**
 * The order in which streams are saved while a server writes to them. Restored, each must know less than those after it: what a bucket says
 * was read of AUDIT must be in AUDIT, and what AUDIT has copied of COMMANDS must be in COMMANDS.
 */
export function savingOrder(
  names: readonly string[],
  { first, last }: { readonly first: readonly string[]; readonly last: readonly string[] },
): string[] {
  const rank = (name: string) => {
    if (first.includes(name)) return first.indexOf(name) - first.length;
    return last.includes(name) ? 1 + last.indexOf(name) : 0;
  };
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

export { StreamHeadSchema };
