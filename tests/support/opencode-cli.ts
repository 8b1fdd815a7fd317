// The real, pinned OpenCode, kept from the network and from the user's own settings: its path, its environment.
import { statSync } from "node:fs";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { TempDir } from "./temp-dir.ts";

/** The path of the program for this machine. Throws when its postinstall has not run; `.ci/setup.mjs` runs it. */
export function opencodePath(): string {
  const path = join(import.meta.dirname, "../../node_modules/opencode-ai/bin/opencode.exe"); // on every platform
  if (statSync(path).size < 1e6) throw new Error(`OpenCode is not installed: ${path} is a placeholder`);
  return path;
}

export interface OpencodeEnvironmentOptions {
  /** A temporary directory for everything that OpenCode writes: home, configuration, data. */
  readonly home: string;
  /** The base of an OpenAI API, which ends in `/v1`. */
  readonly modelServerUrl: string;
  /** Added to the user's own configuration of OpenCode. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Writes a user's configuration of OpenCode with the model `scripted/model-1`, which costs 1 dollar for a million tokens of input and 2 of
 * output, and gives the whole environment to start OpenCode with, nothing of this process's own but PATH. `opencode` stands first in PATH.
 */
export async function opencodeEnvironment(
  options: OpencodeEnvironmentOptions,
): Promise<Record<string, string>> {
  const { home, modelServerUrl, config = {} } = options;
  const bin = join(home, "bin");
  const configDir = join(home, ".config", "opencode");
  for (const path of [bin, configDir, join(home, "tmp")]) await mkdir(path, { recursive: true, mode: 0o700 });
  await rm(join(bin, "opencode"), { force: true }); // of an earlier start with this home
  await symlink(opencodePath(), join(bin, "opencode"));
  const model = {
    name: "Model 1",
    tool_call: true,
    cost: { input: 1, output: 2, cache_read: 0.1 },
    limit: { context: 100_000, output: 8_000 },
  };
  const own = {
    $schema: "https://opencode.ai/config.json",
    model: "scripted/model-1",
    small_model: "scripted/model-1",
    provider: {
      scripted: {
        npm: "@ai-sdk/openai-compatible", // is inside the program
        name: "Scripted",
        options: { baseURL: modelServerUrl, apiKey: "dummy" },
        models: { "model-1": model },
      },
    },
    ...config,
  };
  await writeFile(join(configDir, "opencode.json"), JSON.stringify(own));
  // As after a user's first start: 1.18.33 installs this package there, and a start with a plugin waits for the installation.
  const installed = { packages: { "": { dependencies: { "@opencode-ai/plugin": "1.18.33" } } } };
  await mkdir(join(configDir, "node_modules"), { recursive: true });
  await writeFile(join(configDir, "package-lock.json"), JSON.stringify(installed));
  return {
    PATH: [bin, process.env.PATH].join(delimiter),
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    HOME: home,
    TMPDIR: join(home, "tmp"),
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_DATA_HOME: join(home, ".local", "share"),
    XDG_STATE_HOME: join(home, ".local", "state"),
    XDG_CACHE_HOME: join(home, ".cache"),
    // Nothing listens on port 9, so no registry is asked.
    npm_config_registry: "http://127.0.0.1:9",
    BUN_CONFIG_REGISTRY: "http://127.0.0.1:9",
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
    OPENCODE_DISABLE_DEFAULT_PLUGINS: "1",
    OPENCODE_DISABLE_TERMINAL_TITLE: "1",
  };
}

export interface PrepareOptions extends Pick<OpencodeEnvironmentOptions, "config"> {
  /** The name of the folder in which it is to work. Default `work`. */
  readonly folder?: string | undefined;
}

/** Makes a folder below `dir` in which OpenCode works. It has a home of its own there, and asks `model`. */
export async function prepareOpencode(
  dir: Pick<TempDir, "join">,
  model: { readonly url: string },
  { config, folder = "work" }: PrepareOptions = {},
): Promise<{ work: string; env: Record<string, string> }> {
  const work = dir.join(folder);
  await mkdir(work, { recursive: true });
  const env = await opencodeEnvironment({ home: dir.join("home"), modelServerUrl: model.url, config });
  return { work, env };
}
