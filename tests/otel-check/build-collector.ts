// Builds the OpenTelemetry Collector that configs/collector pins, from its Go modules, into the clone's `.cache`: some 10 minutes on two cores,
// 1.2 GB with all caches. It needs Go.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");
const pinDir = join(root, "configs", "collector");
const cacheDir = join(root, ".cache", "collector");
const buildsWithinMs = 3_600_000;

/** Resolves to the path of the program. @throws Error if it cannot be built; what Go says is on stderr */
export async function buildCollector(): Promise<string> {
  const pins = await readFile(join(pinDir, "go.mod"), "utf8");
  const version = /go\.opentelemetry\.io\/collector\/otelcol v(\S+)/.exec(pins)?.[1];
  if (version === undefined) throw new Error("configs/collector/go.mod names no version of the collector");
  const path = join(cacheDir, `collector-${version}`);
  if (existsSync(path)) return path;
  await mkdir(cacheDir, { recursive: true });
  // It is built whole or not at all.
  const fresh = `${path}.${crypto.randomUUID()}`;
  const flags = ["-p", "2", "-mod=readonly", "-modcacherw", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"];
  const child = spawn("go", ["build", ...flags, "-o", fresh, "."], {
    cwd: pinDir,
    stdio: ["ignore", 2, 2],
    timeout: buildsWithinMs,
    env: {
      ...process.env,
      ...{ CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off" },
      ...{ GOMODCACHE: join(cacheDir, "mod"), GOCACHE: join(cacheDir, "build") },
    },
  });
  const ended = new Promise<string | undefined>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(code === 0 ? undefined : `go: ${signal ?? code}`));
  });
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  const why = await ended;
  if (why !== undefined) throw new Error(why);
  await rename(fresh, path);
  return path;
}
