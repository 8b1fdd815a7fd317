// Reads the file of a backup, and checks all of it on the way: the order of its entries, their names, and their checksums.
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { createTarDecoder, type ParsedTarEntry } from "modern-tar";
import { CliaiError, messageOf } from "../domain/text/errors.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { type StreamHead, StreamHeadSchema } from "../nats/jetstream/snapshot.ts";
import {
  type EntryPlace,
  formatVersion,
  longestTextBytes,
  type Manifest,
  ManifestSchema,
  placeOf,
} from "./backup-format.ts";

const readBytes = 1024 * 1024;

export type Archived =
  | { readonly of: "manifest"; readonly manifest: Manifest }
  | { readonly of: "folder"; readonly path: string }
  | { readonly of: "file"; readonly path: string; readonly isExecutable: boolean; readonly body: Body }
  | { readonly of: "stream"; readonly head: StreamHead }
  | { readonly of: "piece"; readonly stream: string; readonly body: Body };
type Body = AsyncIterable<Uint8Array>;

/**
 * The entries of a backup in their order: the manifest, then files and folders, then each stream with its pieces. Read each body to its end
 * or not at all. If this ends without an error, the whole file is as it was written.
 * @throws CliaiError `config_invalid` if the file is no backup, is damaged, has a newer format, or, on Windows, has a name that Windows does
 * not allow; the bodies throw it, too
 */
export async function* readArchive(
  path: string,
  platform: { readonly isWindows: boolean } = { isWindows: process.platform === "win32" },
): AsyncGenerator<Archived, void> {
  const handle = await open(path, "r").catch((cause: NodeJS.ErrnoException) => {
    throw new CliaiError("config_invalid", `cannot read ${path}: ${cause.message}`, {
      hint: "name a file that `cliai backup` wrote",
      cause,
    });
  });
  const order = createOrder(path, platform);
  const sums: string[] = [];
  try {
    const decoder = createTarDecoder({ strict: true });
    contentOf(handle)
      .pipeTo(decoder.writable)
      .catch(() => undefined); // the entries fail, too
    for await (const entry of translated(decoder.readable, path)) {
      const place = order.next(entry);
      if (place.of === "checksums") {
        if ((await textOf(entry.body, path)) !== sums.join("")) throw damaged(path, "a checksum is wrong");
        continue;
      }
      if (entry.header.type === "directory") {
        if (place.of === "file") yield { of: "folder", path: place.path };
        continue;
      }
      const body = hashed(entry, path, sums);
      yield await archivedOf(place, entry, body, path);
      for await (const _ of body); // what nobody has read is checked all the same
    }
    order.end();
  } finally {
    await handle.close();
  }
}

async function archivedOf(
  place: Exclude<EntryPlace, { of: "checksums" }>,
  { header }: ParsedTarEntry,
  body: Body,
  path: string,
): Promise<Archived> {
  switch (place.of) {
    case "manifest":
      return { of: "manifest", manifest: requireManifest(await textOf(body, path), path) };
    case "head":
      return { of: "stream", head: requireHead(await textOf(body, path), place.stream, path) };
    case "piece":
      return { of: "piece", stream: place.stream, body };
    case "file":
      return { of: "file", path: place.path, isExecutable: ((header.mode ?? 0) & 0o100) !== 0, body };
  }
}

function requireManifest(text: string, path: string): Manifest {
  let manifest: Manifest;
  try {
    manifest = decodeMessage(ManifestSchema, text);
  } catch (cause) {
    throw damaged(path, messageOf(cause), cause);
  }
  if (manifest.version <= formatVersion) return manifest;
  throw new CliaiError(
    "config_invalid",
    `${path} has format ${manifest.version}, of cliai ${manifest.cliai}: this cliai reads format ${formatVersion}`,
    { hint: "restore it with that cliai or a newer one" },
  );
}

function requireHead(text: string, stream: string, path: string): StreamHead {
  try {
    const head = decodeMessage(StreamHeadSchema, text);
    if (head.config.name === stream) return head;
    throw new Error(`the stream ${stream} is called ${head.config.name}`);
  } catch (cause) {
    throw damaged(path, messageOf(cause), cause);
  }
}

/** Checks that the entries come in the order in which they were written. */
function createOrder(path: string, platform: { readonly isWindows: boolean }) {
  const seen = new Set<string>();
  let last: EntryPlace | undefined;
  let pieces = 0;
  const mayFollow = (place: EntryPlace): boolean => {
    switch (place.of) {
      case "manifest":
        return last === undefined;
      case "file":
        return last?.of === "manifest" || last?.of === "file";
      case "head":
      case "checksums":
        return last !== undefined && last.of !== "checksums";
      case "piece":
        pieces = last?.of === "head" ? 1 : pieces + 1;
        return (
          (last?.of === "head" || last?.of === "piece") &&
          last.stream === place.stream &&
          place.number === pieces
        );
    }
  };
  return {
    next({ header }: ParsedTarEntry): EntryPlace {
      const { name, type } = header;
      const place = placeOf(name, platform);
      if (place === undefined && placeOf(name, { isWindows: false }) !== undefined) {
        throw new CliaiError(
          "config_invalid",
          `${path} has ${JSON.stringify(name.slice(0, 200))}, a name that Windows does not allow`,
          { hint: "restore it on Linux or macOS" },
        );
      }
      const isKnown = type === "file" || (type === "directory" && place?.of === "file");
      if (place === undefined || !isKnown || seen.has(name) || !mayFollow(place)) {
        throw damaged(path, `it has ${JSON.stringify(name.slice(0, 200))} where no backup has it`);
      }
      seen.add(name);
      last = place;
      return place;
    },
    end() {
      if (last?.of !== "checksums") throw damaged(path, "its end is missing");
    },
  };
}

async function* hashed(
  { header, body }: ParsedTarEntry,
  path: string,
  sums: string[],
): AsyncGenerator<Uint8Array, void> {
  const hash = createHash("sha256");
  for await (const chunk of translated(body, path)) {
    hash.update(chunk);
    yield chunk;
  }
  sums.push(`${hash.digest("hex")}  ${header.name}\n`);
}

async function textOf(body: AsyncIterable<Uint8Array>, path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of translated(body, path)) {
    bytes += chunk.length;
    if (bytes > longestTextBytes) throw damaged(path, "a list in it is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function* translated<T>(source: AsyncIterable<T>, path: string): AsyncGenerator<T, void> {
  try {
    yield* source;
  } catch (error) {
    throw error instanceof CliaiError ? error : damaged(path, messageOf(error), error);
  }
}

function contentOf(handle: FileHandle): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const buffer = new Uint8Array(readBytes);
      const { bytesRead } = await handle.read(buffer, 0, readBytes);
      if (bytesRead === 0) controller.close();
      else controller.enqueue(buffer.subarray(0, bytesRead));
    },
  });
}

function damaged(path: string, why: string, cause?: unknown): CliaiError {
  return new CliaiError("config_invalid", `${path} is not a backup of cliai, or it is damaged: ${why}`, {
    hint: "nothing was written; use another backup",
    cause,
  });
}
