// Chooses the nats-server program that `serve` runs: the one at --nats-server, the one inside this executable (which is unpacked
// once), or one on PATH. server-process.ts starts it.
import { createHash, randomUUID } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { CliaiError, isFullDisk, messageOf } from "../../domain/text/errors.ts";
import { findOnPath, isAtLeast, oldestServerVersion, readServerVersion } from "./server-version.ts";

/** The zstd-compressed nats-server inside the executable. */
export interface EmbeddedServer {
  readonly path: string;
  /** Without a leading `v`, such as `2.15.2`. */
  readonly version: string;
  /** The hash of the unpacked program, in hex. */
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
  /** `--nats-server`. If given, it is the only choice. */
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
 * Takes the first that there is: `flagPath`, the embedded one, the newest in the build's cache, the one on PATH.
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
  throw new CliaiError("nats_server_missing", "no nats-server is inside this program or on PATH", {
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
 * Unpacks into `<binDir>/nats-server-<version>`, unless that file has the right hash already. Two processes may do this at once,
 * because each writes its own temporary file and renames it. Nothing is synced to the disk: if a power cut leaves half a file,
 * its hash is wrong at the next start.
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
        hint: `${isFullDisk(cause) ? "free space on that disk" : "make it writable"}, or choose another directory with --data-dir`,
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

/** Whether the file exists with the right content. Also makes it executable, in case somebody has changed its mode. */
async function isIntact(path: string, sha256: string): Promise<boolean> {
  const bytes = await readFile(path).catch(() => undefined); // absent or unreadable: unpack it again
  if (bytes === undefined || hashOf(bytes) !== sha256) return false;
  return await chmod(path, 0o700).then(
    () => true,
    () => false, // it belongs to somebody else: replace it, or report that it cannot be written
  );
}

async function newestInCache(cacheDir: string): Promise<string | undefined> {
  const suffix = `-${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const folders = await readdir(cacheDir).catch(() => []); // there is no cache before the first build
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
