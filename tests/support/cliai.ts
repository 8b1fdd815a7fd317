// The program as a user runs it: dist/cliai, or its source under the runtime that CLIAI_E2E_RUNTIME names (bun, deno).
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { builtExecutable } from "./built-executable.ts";
import { type Child, type ChildExit, startChild } from "./child.ts";
import { denoPath } from "./deno.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";

const root = join(import.meta.dirname, "..", "..");

/** What runs the source: of this clone, or another `src/main.ts`, by Bun. */
export type Runtime = "bun" | "deno" | { readonly main: string };

export interface CliaiOptions {
  /** Added to PATH and a home that does not exist; `undefined` removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Written to stdin, which then ends. */
  readonly input?: string;
  /** Default `patienceMs`. */
  readonly deadlineMs?: number;
  /** Runs the source by this runtime, whatever CLIAI_E2E_RUNTIME says. */
  readonly from?: Runtime;
}

/** Flags of `cliai send`: wait until the order is applied, for as long as that may take on a busy machine. */
export const untilApplied = ["--wait", "applied", "--timeout", "80"] as const;

/** The command and first arguments that start the program. */
export function cliaiCommand(from?: Runtime): readonly [command: string, ...args: string[]] {
  const main = join(root, "src", "main.ts");
  const runtime = from ?? process.env.CLIAI_E2E_RUNTIME;
  if (typeof runtime === "object") return [process.execPath, runtime.main];
  if (runtime === "bun") return [process.execPath, main];
  if (runtime === "deno") return [denoPath(), "run", "-A", main];
  if (runtime !== undefined) throw new Error(`CLIAI_E2E_RUNTIME "${runtime}" is neither bun nor deno`);
  return [builtExecutable()];
}

/** Starts it and leaves it running: `await using child = await startCliai(["bridge", …]);` */
export async function startCliai(args: readonly string[], options: CliaiOptions = {}): Promise<Child> {
  const [command, ...first] = cliaiCommand(options.from);
  const env = {
    PATH: process.env.PATH,
    // A test that forgets --data-dir must not reach the user's own.
    HOME: "/nonexistent",
    // It must not leave a server running either.
    CLIAI_NO_START: "1",
    CLIAI_NATS_SERVER: process.env.CLIAI_NATS_SERVER,
    DENO_DIR: process.env.DENO_DIR ?? join(root, ".cache", "deno"),
    ...options.env,
  };
  const child = await startChild(command, [...first, ...args], {
    env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)),
    cwd: options.cwd ?? root,
    stdin: options.input === undefined ? "ignore" : "pipe",
  });
  if (options.input !== undefined) {
    child.write(options.input);
    child.endInput();
  }
  return child;
}

/** Runs it to its end. Fails when it still runs at the deadline. */
export async function runCliai(args: readonly string[], options: CliaiOptions = {}): Promise<ChildExit> {
  await using child = await startCliai(args, options);
  return await child.exit(options.deadlineMs);
}

export interface RunningServe extends AsyncDisposable {
  readonly url: string;
  readonly natsUrl: string;
  readonly dataDir: string;
  /** The path of the HTTP token's file. With --insecure there is no token. */
  readonly tokenPath: string;
  /** The path of the operator's NATS credentials, which have all rights; undefined if NATS accepts anybody, or if others run it. */
  readonly credsPath: string | undefined;
  readonly child: Child;
  /** A request of the HTTP API, with the token. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** An address that signs a browser in. */
  loginUrl(): Promise<string>;
  /** A client command against this server. */
  run(args: readonly string[], options?: CliaiOptions): Promise<ChildExit>;
}

export interface ServeOptions extends CliaiOptions {
  readonly args?: readonly string[];
  /** Default: a directory of its own, removed at the end. */
  readonly dataDir?: string;
  /** Default 0: any free port. A server that has to come back at its old address names that port. */
  readonly port?: number;
  readonly natsPort?: number;
}

/** Starts `cliai serve` on free ports. Resolves when it is ready. It is ended by its own handle. */
export async function startServe(options: ServeOptions = {}): Promise<RunningServe> {
  await using starting = new AsyncDisposableStack();
  const own: TempDir | undefined = options.dataDir === undefined ? starting.use(await tempDir()) : undefined;
  const dataDir = options.dataDir ?? own?.join("data") ?? "";
  const { port = 0, natsPort = 0 } = options;
  const ports = ["--port", String(port), "--nats-port", String(natsPort)];
  const child = starting.use(
    await startCliai(["serve", ...ports, "--data-dir", dataDir, "--json", ...(options.args ?? [])], options),
  );
  const ready = JSON.parse(await child.line(/"ready":true/)) as {
    url: string;
    nats_url: string;
  };
  const running = starting.move();
  const tokenPath = join(dataDir, "keys", "http-token");
  const run: RunningServe["run"] = ([command = "", ...args], each = {}) =>
    runCliai([command, "--data-dir", dataDir, ...args], { ...options, ...each });
  return {
    url: ready.url,
    natsUrl: ready.nats_url,
    dataDir,
    tokenPath,
    credsPath: await operatorCreds(dataDir),
    child,
    run,
    async fetch(path, init = {}) {
      const headers = new Headers(init.headers);
      const token = await readFile(tokenPath, "utf8").catch(() => ""); // none with --insecure
      if (token !== "") headers.set("authorization", `Bearer ${token.trim()}`);
      return await fetch(ready.url + path, { ...init, headers });
    },
    loginUrl: async () => (await run(["token", "url"])).stdout.trim(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function operatorCreds(dataDir: string): Promise<string | undefined> {
  const { nats_creds } = JSON.parse(await readFile(join(dataDir, "serve.json"), "utf8"));
  return nats_creds;
}
