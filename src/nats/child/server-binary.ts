// Chooses the nats-server that `serve` runs: the one of --nats-server, the one inside this executable (unpacked once), or
// one on PATH. server-process.ts starts it.
import { createHash, randomUUID } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { findOnPath, isAtLeast, oldestServerVersion, readServerVersion } from "./server-version.ts";

/** The zstd-compressed nats-server inside the executable. */
export interface EmbeddedServer {
  readonly path: string;
  /** Without a leading `v`, such as `2.15.2`. */
  readonly version: string;
  /** Of the unpacked binary, in hex. */
  readonly sha256: string;
}

export interface ServerBinary {
  readonly path: string;
  /** Without a leading `v`. */
  readonly version: string;
  readonly source: "flag" | "embedded" | "cache" | "path";
}

export interface ServerBinaryOptions {
  readonly dataDir: string;
  /** `--nats-server`; nothing else is looked at when it is given. */
  readonly flagPath?: string | undefined;
  readonly embedded?: EmbeddedServer | undefined;
  /** The build's cache, for a run from source: one folder `<version>-<target>` for each binary. */
  readonly cacheDir?: string | undefined;
  /** The value of PATH. */
  readonly searchPath?: string | undefined;
}

const executableSuffix = process.platform === "win32" ? ".exe" : "";
const programName = `nats-server${executableSuffix}`;

/**
 * The nats-server to run, in this order: `flagPath`, the embedded one, the build's cache, PATH.
 * @throws CliaiError `nats_server_missing` (also: not executable), `nats_server_too_old`, `data_dir_unwritable`
 */
export async function resolveServerBinary(options: ServerBinaryOptions): Promise<ServerBinary> {
  const { flagPath, embedded, dataDir } = options;
  if (flagPath !== undefined) return await checkServer(resolve(flagPath), "flag");
  if (embedded !== undefined) return await unpackServer(embedded, join(dataDir, "bin"));
  if (options.cacheDir !== undefined) {
    const path = await newestInCache(options.cacheDir);
    if (path !== undefined) return await checkServer(path, "cache");
  }
  const path = await findOnPath(programName, options.searchPath ?? "");
  if (path !== undefined) return await checkServer(path, "path");
  throw new CliaiError("nats_server_missing", "no nats-server: none inside this program, none on PATH", {
    hint: "build one in with `bun build.ts`, install nats-server, or name one with --nats-server PATH",
  });
}

async function checkServer(path: string, source: ServerBinary["source"]): Promise<ServerBinary> {
  const version = await readServerVersion(path).catch((cause: unknown) => {
    throw new CliaiError(
      "nats_server_missing",
      `${path} does not run as a nats-server: ${messageOf(cause)}`,
      {
        hint: `see what it prints: ${path} --version`,
        cause,
      },
    );
  });
  if (!isAtLeast(version, oldestServerVersion)) {
    const message = `nats-server ${version} at ${path} is too old: cliai needs ${oldestServerVersion} or newer`;
    throw new CliaiError("nats_server_too_old", message, {
      hint: "update it, or name a newer one with --nats-server PATH",
    });
  }
  return { path, version, source };
}

/**
 * Unpacks into `<binDir>/nats-server-<version>`. A good file there is used as it is; a damaged one is replaced.
 * Two processes may do this at once: each writes its own temporary file, and the rename is atomic. Nothing is synced
 * to disk: a power cut that leaves half a file shows in its hash at the next start.
 */
async function unpackServer(embedded: EmbeddedServer, binDir: string): Promise<ServerBinary> {
  const { version, sha256 } = embedded;
  const path = join(binDir, `nats-server-${version}${executableSuffix}`);
  const unpacked: ServerBinary = { path, version, source: "embedded" };
  if (await isIntact(path, sha256)) return unpacked;

  const bytes = await unpack(embedded);
  const temporary = join(binDir, `.${randomUUID()}${executableSuffix}`);
  try {
    await mkdir(binDir, { recursive: true, mode: 0o700 });
    await writeFile(temporary, bytes, { mode: 0o700 });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to report
    // Windows refuses to replace a running executable: another process has just unpacked and started the same file.
    if (await isIntact(path, sha256)) return unpacked;
    throw new CliaiError(
      "data_dir_unwritable",
      `cannot unpack nats-server into ${binDir}: ${messageOf(cause)}`,
      {
        hint: "make it writable, or choose another directory with --data-dir",
        cause,
      },
    );
  }
  return unpacked;
}

async function unpack({ path, version, sha256 }: EmbeddedServer): Promise<Uint8Array> {
  const damaged = (cause?: unknown) =>
    new CliaiError("nats_server_missing", `the nats-server ${version} inside this program is damaged`, {
      hint: "get or build this program again, or name a nats-server with --nats-server PATH",
      cause,
    });
  try {
    const bytes = zstdDecompressSync(await readFile(path));
    if (hashOf(bytes) === sha256) return bytes;
  } catch (cause) {
    throw damaged(cause);
  }
  throw damaged();
}

/** Whether the file is there with the right content; makes it executable again if someone took that away. */
async function isIntact(path: string, sha256: string): Promise<boolean> {
  const bytes = await readFile(path).catch(() => undefined); // absent or unreadable: unpack anew
  if (bytes === undefined || hashOf(bytes) !== sha256) return false;
  return await chmod(path, 0o700).then(
    () => true,
    () => false, // someone else's file: replaced by our own, or reported as unwritable
  );
}

async function newestInCache(cacheDir: string): Promise<string | undefined> {
  const suffix = `-${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const folders = await readdir(cacheDir).catch(() => []); // no cache: nothing was built yet
  const versions = folders
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length));
  const newest = versions.reduce<string | undefined>(
    (best, version) => (best !== undefined && isAtLeast(best, version) ? best : version),
    undefined,
  );
  return newest === undefined ? undefined : join(cacheDir, `${newest}${suffix}`, programName);
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
