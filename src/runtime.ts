// The only file that names Bun or Deno. It serves HTTP, opens terminals, and says how to start this program again.
import { setTimeout } from "node:timers";
import { fileURLToPath } from "node:url";
import { CliaiError } from "./domain/text/errors.ts";

export type RuntimeName = "executable" | "bun" | "deno";

/** How this program runs: as the compiled executable, or from its source by Bun or Deno. */
export function runtimeName(): RuntimeName {
  if ("Deno" in globalThis) return "deno";
  return isInsideExecutable(import.meta.url) ? "executable" : "bun";
}

/** In a compiled executable, Bun shows the program's own files under `/$bunfs/`, on Windows under `B:/~BUN/`. */
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

/** Variables that steer the Bun inside a compiled program. Claude Code and many other programs are compiled with Bun, like ours. */
const forBun = ["BUN_OPTIONS", "BUN_BE_BUN", "BUN_INSPECT", "BUN_INSPECT_CONNECT_TO", "BUN_INSPECT_NOTIFY"];

/**
 * The environment without the variables for Bun. They are meant for the Bun that runs this program: an agent's CLI that
 * inherited them would start with Bun's flags, or as `bun` itself.
 */
export function withoutBunVariables<T extends Record<string, string | undefined>>(env: Readonly<T>): T {
  const handedOn: T = { ...env };
  for (const name of forBun) delete handedOn[name];
  return handedOn;
}

/**
 * The bytes of stdin, for a program that only reads them to the end.
 * @param stdin the stream that is read where the runtime has no quicker way: Bun's takes 3 ms less to make (1.4.5)
 */
export function readStdin(stdin: () => AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return "Bun" in globalThis ? Bun.stdin.stream() : stdin();
}

/** Long enough for a start on a busy machine. */
const startedWithinMs = 10_000;

/**
 * Some seconds from now, gives the memory back that the start of this process has used and no longer needs: 4 of 22 MB of a bridge, for 24 ms
 * (Bun 1.4.5, which keeps it otherwise). For a process of which many run for long.
 */
export function giveBackStartMemory(): void {
  if (!("Bun" in globalThis)) return;
  setTimeout(() => {
    Bun.gc(true);
    Bun.shrink();
  }, startedWithinMs).unref();
}

export interface HttpServer {
  readonly port: number;
  /** Ends at once, and cuts the connections that are still open. */
  stop(): Promise<void>;
}

export interface HttpOptions {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** A longer body gets Bun's empty 413, or its connection is cut. Leave it out if `fetch` itself limits what it reads. */
  readonly maxBodyBytes?: number;
  /**
   * A request that has not arrived in whole within this time is cut off; default 30. What then is done to answer it has no limit. Neither have
   * event streams, because they send their own keep-alive. Bun 1.4.5 itself waits 12 s for the headers, whatever is set here.
   */
  readonly requestWithinS?: number;
  /** PEM texts; undefined for plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly fetch: HttpHandler;
}

/** Answers a request. `connection` is what the socket knows about the sender. */
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
      // Bun 1.4.5 counts the time of the answer, too, unless a body has arrived.
      const isLifted = requestWithinS > 0 && !hasBody(request);
      if (isLifted) socket.timeout(request, 0);
      const response = await handle(request, { remoteAddress: socket.requestIP(request)?.address });
      const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
      if (isStream) socket.timeout(request, 0);
      else if (isLifted) socket.timeout(request, requestWithinS);
      return response;
    },
  });
  return { port: server.port ?? port, stop: () => server.stop(true) };
}

/** By its headers, because asking for `body` makes a stream of it. */
function hasBody({ headers }: Request): boolean {
  return headers.has("transfer-encoding") || Number(headers.get("content-length")) > 0;
}

/** The part of Deno's API that is used here, because Deno's own types would clash with Bun's. */
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

/** Makes the reading of a body fail if the body is too large or takes too long (0: no limit). Deno 2 has no such limits. */
function boundBody(request: Request, maxBytes: number, withinS: number): Request {
  if (request.body === null) return request;
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const bounded = new TransformStream<Uint8Array, Uint8Array>({
    start(controller) {
      if (withinS === 0) return;
      const late = new CliaiError("no_answer", `the request was not complete within ${withinS} s`);
      // The timer of a body that nobody reads to its end must not keep the process alive.
      timer = setTimeout(() => controller.error(late), withinS * 1_000).unref();
    },
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes <= maxBytes) controller.enqueue(chunk);
      else controller.error(new CliaiError("payload_too_large", `the body is over ${maxBytes} bytes`));
    },
    flush: () => clearTimeout(timer),
  });
  // Not `new Request(request, …)`, because that copies the signal, too, and Deno 2 prints a warning about it.
  const { url, method, headers } = request;
  const body = request.body.pipeThrough(bounded);
  return new Request(url, { method, headers, body, duplex: "half" } as RequestInit);
}

/** Whether `kill` of `node:child_process` can send a child only one signal. Under Deno 2.9, the next call returns false. */
export const killsChildOnce = "Deno" in globalThis;

/** A program on a terminal that this process has opened. What is written to the terminal reaches the program as typed input. */
export interface OwnTerminal {
  readonly pid: number;
  write(data: string | Uint8Array): void;
  resize(columns: number, rows: number): void;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the program has ended and all its output was read. Never rejects. */
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

/** Undefined under Deno, which has no terminals, and on Windows, where they were not tried. Throws what `spawn` throws. */
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
