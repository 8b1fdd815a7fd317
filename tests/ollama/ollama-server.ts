// A real Ollama of a test, on a port that the system chose, with its models and keys in a temporary folder, and SmolLM2-135M as its model.
import { writeFile } from "node:fs/promises";
import { type Child, startChild } from "../support/child.ts";
import { smolModelPath } from "../support/llama-server.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { ollamaPath } from "./build-ollama.ts";

export interface OllamaServer extends AsyncDisposable {
  readonly url: string;
  /**
   * Imports SmolLM2-135M once more, by another name.
   * @param parameters lines of its Modelfile, such as `PARAMETER num_ctx 1024`
   */
  create(name: string, parameters: readonly string[]): Promise<void>;
  /** Resolves as the promise does; fails at the deadline, with the last lines of Ollama's log. */
  inTime<T>(what: string, promise: Promise<T>): Promise<T>;
}

const startsWithinMs = 120_000;
const importsWithinMs = 300_000;
/** For one answer, or one turn of few answers. Reading a prompt may take minutes on a busy machine without a GPU. */
const answersWithinMs = 400_000;
const shownOfLog = 6_000;

/** The name of the model. Its template knows no tools. */
export const model = "smol";

/** @param context of the model, in tokens */
export async function startOllama({ context }: { readonly context: number }): Promise<OllamaServer> {
  const program = process.env.CLIAI_TEST_OLLAMA ?? (await ollamaPath());
  const dir: TempDir = await tempDir();
  const home = { PATH: process.env.PATH, HOME: dir.path, OLLAMA_MODELS: dir.join("models") };
  const server = await startChild(program, ["serve"], {
    env: { ...home, OLLAMA_HOST: "127.0.0.1:0", OLLAMA_CONTEXT_LENGTH: String(context), OLLAMA_DEBUG: "1" },
    graceMs: 20_000,
  });
  try {
    const line = await server.line(/Listening on /, { from: "stderr", deadlineMs: startsWithinMs });
    const host = /Listening on (127\.0\.0\.1:\d+)/.exec(line)?.[1];
    if (host === undefined) throw new Error(`Ollama does not say where it listens: ${line}`);
    const create = async (name: string, parameters: readonly string[] = []) => {
      const modelfile = dir.join("Modelfile");
      // One thread: two that spin to wait for each other take ten times as long beside other programs on two processors.
      const lines = [`FROM ${await smolModelPath()}`, "PARAMETER num_thread 1", ...parameters];
      await writeFile(modelfile, `${lines.join("\n")}\n`);
      const args = ["create", name, "-f", modelfile];
      await using child: Child = await startChild(program, args, { env: { ...home, OLLAMA_HOST: host } });
      const { code, stderr } = await child.exit(importsWithinMs);
      if (code !== 0) throw new Error(`ollama create: ${stderr}`);
    };
    await create(model);
    return {
      url: `http://${host}`,
      create,
      async inTime(what, promise) {
        const { promise: late, reject } = Promise.withResolvers<never>();
        const fail = () => reject(new Error(`${what}: nothing in time\n${server.stderr.slice(-shownOfLog)}`));
        const timer = setTimeout(fail, answersWithinMs);
        try {
          return await Promise.race([promise, late]);
        } finally {
          clearTimeout(timer);
        }
      },
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await dir[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    await dir[Symbol.asyncDispose]();
    throw error;
  }
}
