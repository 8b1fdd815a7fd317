// The real, pinned Codex, kept from the network and from the user's own settings: its path, its environment, its home.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import type { TempDir } from "./temp-dir.ts";

const targets: Readonly<Record<string, string>> = {
  "linux-x64": "x86_64-unknown-linux-musl",
  "linux-arm64": "aarch64-unknown-linux-musl",
  "darwin-x64": "x86_64-apple-darwin",
  "darwin-arm64": "aarch64-apple-darwin",
  "win32-x64": "x86_64-pc-windows-msvc",
};

/** The path of the executable that npm installed for this platform. Throws when npm left it out. */
export function codexPath(): string {
  const platform = `${process.platform}-${process.arch}`;
  const name = process.platform === "win32" ? "codex.exe" : "codex";
  const folder = join(import.meta.dirname, `../../node_modules/@openai/codex-${platform}`);
  const path = join(folder, "vendor", targets[platform] ?? platform, "bin", name);
  if (!existsSync(path)) throw new Error(`Codex is not installed: no ${path}`);
  return path;
}

export interface PrepareCodexOptions {
  /** Lines of the user's own `config.toml` besides those that name the model. They stand before its tables. */
  readonly config?: readonly string[];
  /** More tables of `config.toml`. */
  readonly tables?: readonly string[];
  /** The name of the folder in which it is to work. Default `work`. */
  readonly folder?: string;
}

/** Makes a folder below `dir` in which Codex works. It has a home of its own there, and asks `model`. */
export async function prepareCodex(
  dir: Pick<TempDir, "join">,
  model: { readonly url: string },
  { config = [], tables = [], folder = "work" }: PrepareCodexOptions = {},
): Promise<{ work: string; codexHome: string; env: Record<string, string> }> {
  const [work, home, codexHome] = [dir.join(folder), dir.join("home"), dir.join("home", "codex")];
  await Promise.all([work, codexHome].map((path) => mkdir(path, { recursive: true, mode: 0o700 })));
  const lines = [
    'model = "scripted"',
    'model_provider = "scripted"',
    "check_for_update_on_startup = false",
    ...config,
    "[analytics]",
    "enabled = false",
    "[otel]",
    'exporter = "none"',
    'metrics_exporter = "none"',
    "[model_providers.scripted]",
    'name = "scripted"',
    `base_url = ${JSON.stringify(model.url)}`,
    'wire_api = "responses"',
    'env_key = "SCRIPTED_KEY"',
    // Few tries, so that a failure is told soon.
    "request_max_retries = 1",
    "stream_max_retries = 1",
    ...tables,
  ];
  await writeFile(join(codexHome, "config.toml"), `${lines.join("\n")}\n`, { mode: 0o600 });
  const env = {
    PATH: [dirname(codexPath()), process.env.PATH].join(delimiter),
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    HOME: home,
    CODEX_HOME: codexHome,
    SCRIPTED_KEY: "dummy-key-that-no-service-takes",
  };
  return { work, codexHome, env };
}
