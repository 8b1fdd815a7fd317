// The real, pinned agent CLIs that speak ACP, kept from the network and from the user's own settings: their programs, their environments.
import { existsSync } from "node:fs";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { TempDir } from "./temp-dir.ts";

const modules = join(import.meta.dirname, "../../node_modules");

export interface PreparedCli {
  /** The folder of the program, which stands first in its PATH. */
  readonly bin: string;
  /** The folder in which it is to work. */
  readonly work: string;
  /** Its whole environment: nothing of this process's own but PATH. */
  readonly env: Record<string, string>;
}

/** Makes a folder below `dir` in which Qwen Code works. It has a home of its own there, and asks `model`. */
export async function prepareQwen(
  dir: Pick<TempDir, "join">,
  model: { readonly url: string },
  /** More of the user's own settings. */
  more: Readonly<Record<string, unknown>> = {},
): Promise<PreparedCli> {
  const { work, bin, home, env } = await prepare(dir, "qwen", "@qwen-code/qwen-code/cli-entry.js");
  const settings = {
    security: { auth: { selectedType: "openai" } },
    privacy: { usageStatisticsEnabled: false },
    memory: { enableManagedAutoMemory: false },
    ...more,
  };
  await mkdir(join(home, ".qwen"), { recursive: true });
  await writeFile(join(home, ".qwen", "settings.json"), JSON.stringify(settings));
  const api = { OPENAI_API_KEY: "dummy-key", OPENAI_BASE_URL: model.url, OPENAI_MODEL: "model-1" };
  return { work, bin, env: { ...env, ...api } };
}

/** Makes a folder below `dir` in which Copilot CLI works and which it trusts. It has a home of its own there, needs no account, and asks `model`. */
export async function prepareCopilot(
  dir: Pick<TempDir, "join">,
  model: { readonly url: string },
): Promise<PreparedCli> {
  const platform = `${process.platform}-${process.arch}`;
  const { work, bin, home, env } = await prepare(dir, "copilot", `@github/copilot-${platform}/copilot`);
  const api = {
    COPILOT_OFFLINE: "true",
    COPILOT_PROVIDER_BASE_URL: model.url,
    COPILOT_PROVIDER_API_KEY: "dummy-key",
    COPILOT_MODEL: "model-1",
    COPILOT_HOME: join(home, ".copilot"),
  };
  await mkdir(api.COPILOT_HOME, { recursive: true });
  await writeFile(join(api.COPILOT_HOME, "config.json"), JSON.stringify({ trustedFolders: [work] }));
  return { work, bin, env: { ...env, ...api } };
}

/** Makes a folder below `dir` in which Gemini CLI works. It has a home of its own there, and asks `model`. */
export async function prepareGemini(
  dir: Pick<TempDir, "join">,
  model: { readonly url: string },
  /** More of the user's own settings. */
  more: Readonly<Record<string, unknown>> = {},
): Promise<PreparedCli> {
  const { work, bin, home, env } = await prepare(dir, "gemini", "@google/gemini-cli/bundle/gemini.js");
  const settings = {
    security: { auth: { selectedType: "gemini-api-key" } },
    general: { enableAutoUpdate: false },
    privacy: { usageStatisticsEnabled: false },
    ...more,
  };
  await mkdir(join(home, ".gemini"), { recursive: true });
  await writeFile(join(home, ".gemini", "settings.json"), JSON.stringify(settings));
  const api = { GEMINI_API_KEY: "dummy-key", GOOGLE_GEMINI_BASE_URL: model.url, GEMINI_MODEL: "model-1" };
  return { work, bin, env: { ...env, ...api } };
}

async function prepare(dir: Pick<TempDir, "join">, name: string, script: string) {
  const program = join(modules, script);
  if (!existsSync(program)) throw new Error(`${name} is not installed: no ${program}`);
  const [work, home, bin] = [dir.join("work"), dir.join("home"), dir.join("bin")];
  await Promise.all([work, home, bin].map((path) => mkdir(path, { recursive: true, mode: 0o700 })));
  if (!existsSync(join(bin, name))) await symlink(program, join(bin, name));
  const env = {
    PATH: [bin, process.env.PATH].join(delimiter),
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    HOME: home,
    TMPDIR: dir.join("home"),
  };
  return { work, bin, home, env };
}
