// The only file that names Bun or Deno: HTTP serving, terminals of our own, and how this very program is started again.
import { setTimeout } from "node:timers";
import { fileURLToPath } from "node:url";
import { CliaiError } from "./domain/text/errors.ts";

export type RuntimeName = "executable" | "bun" | "deno";

/** How this program runs: as the compiled executable, or from its source by Bun or Deno. */
export function runtimeName(): RuntimeName {
  if ("Deno" in globalThis) return "deno";
  return isInsideExecutable(import.meta.url) ? "executable" : "bun";
}

/** Bun's compiled executables see their own files under `/$bunfs/`, on Windows under `B:/~BUN/`. */
function isInsideExecutable(url: string): boolean {
  return url.includes("$bunfs") || url.includes("~BUN");
}

/** The command and first arguments that start this program again, with absolute paths. */
export function selfCommand(): { command: string; args: readonly string[] } {
  const main = fileURLToPath(new URL("./main.ts", import.meta.url));
  switch (runtimeName()) {
    case "executable":
      return { command: process.execPath, args: [] };
    case "bun":
      return { command: process.execPath, args: [main] };
    case "deno":
      return { command: process.execPath, args: ["run", "-A", main] };
  }
}

/** What steers the Bun inside a program: ours, Claude Code and many another are built by Bun. */
const forBun = ["BUN_OPTIONS", "BUN_BE_BUN", "BUN_INSPECT", "BUN_INSPECT_CONNECT_TO", "BUN_INSPECT_NOTIFY"];

/**
 * The environment without what was meant for the Bun that runs this program: handed on, it would start an agent's CLI with Bun's
 * own flags, or as `bun` in its place.
 */
export function withoutBunVariables<T extends Record<string, string | undefined>>(env: Readonly<T>): T {
  const handedOn: T = { ...env };
  for (const name of forBun) delete handedOn[name];
  return handedOn;
}

export interface HttpServer {
  readonly port: number;
  /** Ends at once; connections still open are cut. */
  stop(): Promise<void>;
}

export interface HttpOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** What is above gets Bun's bare 413, or its connection cut. Left out where `fetch` bounds what it reads. */
  readonly maxBodyBytes?: number;
  /**
   * A request that has not come in whole by then is cut off; default 30. Event streams go on for ever: they send their
   * own keep-alive. Headers are waited for 12 s by Bun 1.4.5 itself, whatever is set here.
   */
  readonly requestWithinS?: number;
  /** PEM texts; without them it is plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly fetch: HttpHandler;
}

/** What answers a request, given what the socket knows of its sender. */
export type HttpHandler = (
  request: Request,
  connection: { readonly remoteAddress?: string | undefined },
) => Response | Promise<Response>;

/** @throws CliaiError `port_taken` */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  try {
    return "Deno" in globalThis ? await serveByDeno(options) : serveByBun(options);
  } catch (cause) {
    if (!isAddressInUse(cause)) throw cause;
    throw new CliaiError("port_taken", `port ${options.port} is taken`, {
      hint: "end the program that uses it, or choose another port: cliai serve --port 0",
      cause,
    });
  }
}

function serveByBun({
  host,
  port,
  maxBodyBytes = Number.MAX_SAFE_INTEGER,
  requestWithinS = 30,
  tls,
  fetch: handle,
}: HttpOptions): HttpServer {
  const server = Bun.serve({
    hostname: host,
    port,
    maxRequestBodySize: maxBodyBytes,
    idleTimeout: requestWithinS,
    ...(tls && { tls: { ...tls } }),
    fetch: async (request, socket) => {
      const response = await handle(request, { remoteAddress: socket.requestIP(request)?.address });
      const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
      if (isStream) socket.timeout(request, 0);
      return response;
    },
  });
  return { port: server.port ?? port, stop: () => server.stop(true) };
}

/** As much of Deno's API as is used here; its own types would clash with Bun's. */
interface DenoServing {
  serve(
    options: {
      hostname: string;
      port: number;
      signal: AbortSignal;
      onListen: () => void;
      cert?: string;
      key?: string;
    },
    handler: (
      request: Request,
      info: { readonly remoteAddr: { readonly hostname?: string } },
    ) => Response | Promise<Response>,
  ): { readonly addr: { readonly port: number }; readonly finished: Promise<void> };
}

async function serveByDeno({
  host,
  port,
  maxBodyBytes = Number.MAX_SAFE_INTEGER,
  requestWithinS = 30,
  tls,
  fetch: handle,
}: HttpOptions): Promise<HttpServer> {
  const { Deno } = globalThis as unknown as { Deno: DenoServing };
  const ending = new AbortController();
  const server = Deno.serve(
    { hostname: host, port, signal: ending.signal, onListen: () => undefined, ...tls },
    (request, { remoteAddr }) =>
      handle(boundBody(request, maxBodyBytes, requestWithinS), { remoteAddress: remoteAddr.hostname }),
  );
  return {
    port: server.addr.port,
    stop: async () => {
      ending.abort();
      await server.finished;
    },
  };
}

/** Deno 2 has no bounds of its own for a body: reading it fails where it grows too large, or is not whole in time (0: any). */
function boundBody(request: Request, maxBytes: number, withinS: number): Request {
  if (request.body === null) return request;
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const bounded = new TransformStream<Uint8Array, Uint8Array>({
    start(controller) {
      if (withinS === 0) return;
      const late = new CliaiError("no_answer", `the request was not whole within ${withinS} s`);
      // One of a body that nobody reads to its end must not keep the process.
      timer = setTimeout(() => controller.error(late), withinS * 1_000).unref();
    },
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes <= maxBytes) controller.enqueue(chunk);
      else controller.error(new CliaiError("payload_too_large", `the body is over ${maxBytes} bytes`));
    },
    flush: () => clearTimeout(timer),
  });
  // Not `new Request(request, …)`, which takes the signal over too: Deno 2 warns of that at each start.
  const { url, method, headers } = request;
  const body = request.body.pipeThrough(bounded);
  return new Request(url, { method, headers, body, duplex: "half" } as RequestInit);
}

/** Whether `kill` of `node:child_process` sends a child one signal at most, as under Deno 2.9: the next answers false. */
export const killsChildOnce = "Deno" in globalThis;

/** A program on a terminal that is ours: what is written to it is as if typed. */
export interface OwnTerminal {
  readonly pid: number;
  write(data: string | Uint8Array): void;
  resize(columns: number, rows: number): void;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the program has ended and all that it wrote was read. Never rejects. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

export interface OwnTerminalOptions {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly columns: number;
  readonly rows: number;
  readonly onData: (data: Uint8Array) => void;
}

export type OpenTerminal = (options: OwnTerminalOptions) => OwnTerminal | undefined;

/** Undefined where this runtime has none: under Deno, and on Windows, where it is not tried. Throws what `spawn` throws. */
export function openTerminal(options: OwnTerminalOptions): OwnTerminal | undefined {
  if (!("Bun" in globalThis) || process.platform === "win32" || typeof Bun.Terminal !== "function") {
    return undefined;
  }
  const { command, cwd, env, columns, rows, onData } = options;
  const subprocess = Bun.spawn([...command], {
    cwd,
    env,
    terminal: { cols: columns, rows, data: (_terminal, data) => onData(data) },
  });
  const { terminal } = subprocess;
  return {
    pid: subprocess.pid,
    write: (data) => void terminal?.write(data),
    resize: (wide, high) => terminal?.resize(wide, high),
    kill: (signal) => subprocess.kill(signal),
    exited: subprocess.exited.then((status) => {
      terminal?.close();
      const signal = subprocess.signalCode as NodeJS.Signals | null;
      return { code: signal === null ? status : null, signal };
    }),
  };
}

function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "EADDRINUSE";
}

export type Environment = Readonly<Record<string, string | undefined>>;
