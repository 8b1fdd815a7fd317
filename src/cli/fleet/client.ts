// This room holds the commands that work on a running fleet: show, watch, cancel, answer; and what all such commands share.
//
// What these commands share: their flags, and `withClient`, which finds the server by `serve.json` and connects to it.
import process from "node:process";
import { askHealth } from "../../data-dir/ask-serve.ts";
import { dataDirOf } from "../../data-dir/data-dir.ts";
import { readServeFile, serveFilePath } from "../../data-dir/serve-file.ts";
import { isServed } from "../../data-dir/serve-lock.ts";
import { CliaiError, type ErrorCode } from "../../domain/text/errors.ts";
import { loopback } from "../../domain/wire/own-address.ts";
import type { Bus } from "../../nats/bus.ts";
import { connectBus } from "../../nats/connect-bus.ts";
import { pause } from "../../waiting.ts";
import type { CliContext } from "../frame/context.ts";
import { noServerHere, readNodeFile } from "../node/node-file.ts";
import { whenEnded } from "../process/when-ended.ts";

export const dataDirArgs = {
  "data-dir": {
    type: "string",
    valueHint: "DIR",
    description: "use this directory for all files (default: CLIAI_HOME, else the user's data directory)",
  },
} as const;

export const jsonArgs = {
  json: { type: "boolean", description: "print the result as JSON" },
} as const;

export const clientArgs = {
  ...dataDirArgs,
  url: {
    type: "string",
    valueHint: "URL",
    description: "connect to this NATS server (default: the one in the data directory's serve.json)",
  },
  creds: { type: "string", valueHint: "FILE", description: "log in to NATS with this credentials file" },
  ...jsonArgs,
} as const;

/** The address of NATS for a `serve` with default settings. */
export const defaultNatsUrl = `nats://${loopback}:4222`;

export interface ClientArgs {
  readonly "data-dir"?: string | undefined;
  readonly url?: string | undefined;
  readonly creds?: string | undefined;
}

export function dataDirFor(args: ClientArgs, { env, cwd, serve }: CliContext): string {
  if (serve !== undefined) return serve.dataDir;
  return dataDirOf({ flag: args["data-dir"], env, cwd, platform: process.platform });
}

export interface NatsAddress {
  readonly natsUrl: string;
  /** The operator's credentials. An agent must never get them. */
  readonly credsPath?: string | undefined;
}

/** @throws CliaiError `server_unreachable` when no server runs on the data directory */
export async function findNats(args: ClientArgs, context: CliContext): Promise<NatsAddress> {
  if (args.url !== undefined) return { natsUrl: args.url, credsPath: args.creds };
  const dataDir = dataDirFor(args, context);
  const server = await readServeFile(dataDir);
  if (server !== undefined) return { natsUrl: server.nats_url, credsPath: args.creds ?? server.nats_creds };
  const node = await readNodeFile(dataDir);
  if (node !== undefined) throw noServerHere(node);
  throw new CliaiError("server_unreachable", `no server runs on ${dataDir}: it has no serve.json`, {
    hint: "start it: cliai serve",
  });
}

/**
 * Connects, does the work, and closes the connection: also after Ctrl-C, and when nobody reads the output any more.
 * If the work starts something that goes on, it defers the end of that to `parts`. What is deferred there ends before the connection is closed.
 * @param patientMs how long to try to connect: the server may come back
 * @throws CliaiError `server_unreachable`, `interrupted`, and what the work throws
 */
export async function withClient<Result>(
  args: ClientArgs,
  context: CliContext,
  work: (bus: Bus, parts: AsyncDisposableStack) => Promise<Result>,
  patientMs = 0,
): Promise<Result> {
  await using parts = new AsyncDisposableStack();
  const ended = whenEnded(context, parts);
  const bus = context.serve?.bus ?? (await Promise.race([connectClient(args, context, patientMs), ended]));
  if (context.serve === undefined) parts.defer(() => bus.close());
  return await Promise.race([work(bus, parts), ended]).catch(async (error: unknown) => {
    throw args.url === undefined ? await explainStore(error, dataDirFor(args, context)) : error;
  });
}

async function connectClient(args: ClientArgs, context: CliContext, patientMs: number): Promise<Bus> {
  const deadline = performance.now() + patientMs;
  for (;;) {
    try {
      return await connectOnce(args, context);
    } catch (error) {
      const isAway = error instanceof CliaiError && codesOfAway.includes(error.code);
      if (!isAway || performance.now() >= deadline || context.outputEnded.aborted) throw error;
      await pause(lookEveryMs);
    }
  }
}

const codesOfAway: readonly ErrorCode[] = ["server_unreachable", "nats_unreachable"];
const lookEveryMs = 100;

async function connectOnce(args: ClientArgs, context: CliContext): Promise<Bus> {
  const { natsUrl: url, credsPath } = await findNats(args, context);
  return await connectBus({ url, name: "cliai client", credsPath, log: context.log }).catch(
    async (error: unknown) => {
      throw args.url === undefined ? await explainDeadServer(error, url, dataDirFor(args, context)) : error;
    },
  );
}

const codesOfStoreTrouble: readonly ErrorCode[] = ["server_unreachable", "no_answer", "store_unavailable"];

/** When JetStream is off, requests to it get no answer. Asks serve's health endpoint for the cause, and throws that instead. */
async function explainStore(error: unknown, dataDir: string): Promise<unknown> {
  if (!(error instanceof CliaiError) || !codesOfStoreTrouble.includes(error.code)) return error;
  const server = await readServeFile(dataDir);
  const health = server === undefined ? undefined : await askHealth(server.url);
  if (health?.reason === undefined || !health.nats.connected) return error;
  return new CliaiError("store_unavailable", health.reason, {
    hint: "free space on that disk, then run: cliai doctor",
    cause: error,
  });
}

async function explainDeadServer(error: unknown, url: string, dataDir: string): Promise<unknown> {
  if (!(error instanceof CliaiError) || error.code !== "nats_unreachable") return error;
  if (await isServed(dataDir)) {
    return new CliaiError("nats_unreachable", `cliai serve runs, but its NATS at ${url} does not answer`, {
      hint: "serve restarts nats-server when it ends: try again in a few seconds",
      cause: error,
    });
  }
  const message = `nothing answers at ${url}, which ${serveFilePath(dataDir)} names: its server is gone`;
  return new CliaiError("server_unreachable", message, { hint: "start it again: cliai serve", cause: error });
}
