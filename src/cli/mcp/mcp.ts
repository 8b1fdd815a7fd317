// This room is `cliai mcp`: the operator's MCP server over stdio, for a person's own assistant.
//
// It has no tools of its own: it hands each message on to /mcp/operator of the server. So an assistant that starts it has what its token allows there.
import process from "node:process";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { lastAnswersWithinMs } from "../../bridge/bridge.ts";
import { createStdioTransport } from "../../bridge/stdio-transport.ts";
import { readHttpToken } from "../../data-dir/http-token.ts";
import { readServeFile } from "../../data-dir/serve-file.ts";
import { directFetch } from "../../direct-fetch.ts";
import { operatorMcpPath } from "../../domain/access/token-scopes.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { loopback } from "../../domain/wire/own-address.ts";
import { dataDirArgs, dataDirFor } from "../fleet/client.ts";
import { type Arguments, defineCliCommand } from "../frame/command.ts";
import type { CliContext } from "../frame/context.ts";
import { startStdioProxy } from "./stdio-proxy.ts";

const args = {
  "token-file": {
    type: "string",
    valueHint: "FILE",
    description:
      "use the token in this file, such as one of cliai token add (default: the operator's, which answers no requests)",
  },
  url: {
    type: "string",
    valueHint: "URL",
    description: "use the server whose dashboard is at this address (default: the one of the data directory)",
  },
  ...dataDirArgs,
} as const;

type McpArgs = Arguments<typeof args>;

export const mcpCommand = defineCliCommand({
  name: "mcp",
  example: "cliai mcp --token-file assistant.token (cliai token add assistant --scope mcp makes one)",
  description: "run the operator's MCP server on stdio; your own assistant starts it",
  args,
  async run(given, context) {
    if (given.url !== undefined && given["token-file"] === undefined) {
      throw new CliaiError("usage", `--url ${given.url} needs the token of that server`, {
        hint: "make one there with cliai token add NAME --scope mcp, and name its file: --token-file FILE",
      });
    }
    const { stdin, stdout, log } = context;
    const ended = Promise.withResolvers<void>();
    const stdio = createStdioTransport({
      ...{ stdin, stdout, log },
      onIncoming: () => undefined,
      onEnd: () => ended.resolve(),
    });
    const http = new StreamableHTTPClientTransport(new URL(`http://${loopback}/`), {
      fetch: (_, init) => askOperatorServer(given, context, init),
    });
    const proxy = await startStdioProxy(stdio, http, log);
    const end = () => ended.resolve();
    process.on("SIGINT", end).on("SIGTERM", end).on("SIGHUP", end);
    await ended.promise;
    await stdio.settled(lastAnswersWithinMs, context.outputEnded);
    await proxy.close();
    return 0;
  },
});

/**
 * Sends a request to the server that runs now, with the token that counts now, because both may have changed since the last request.
 * @throws CliaiError `server_unreachable`, `config_invalid` without a token
 */
async function askOperatorServer(
  given: McpArgs,
  context: CliContext,
  init: RequestInit = {},
): Promise<Response> {
  const { url, token } = await findServer(given, context);
  const headers = Object.fromEntries(new Headers(init.headers));
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  try {
    return await directFetch(new URL(operatorMcpPath, url), {
      headers,
      method: init.method,
      ...(typeof init.body === "string" ? { body: init.body } : {}),
      ...(init.signal instanceof AbortSignal ? { signal: init.signal } : {}),
    });
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause;
    throw new CliaiError("server_unreachable", `no server answers at ${url}`, {
      hint: "start it: cliai serve --detach; see what is wrong: cliai doctor",
      cause,
    });
  }
}

async function findServer(
  given: McpArgs,
  context: CliContext,
): Promise<{ readonly url: string; readonly token: string | undefined }> {
  const { url, "token-file": tokenFile } = given;
  if (url !== undefined && tokenFile !== undefined) return { url, token: readHttpToken(tokenFile) };
  const dataDir = dataDirFor(given, context);
  const server = await readServeFile(dataDir);
  if (server === undefined) {
    throw new CliaiError("server_unreachable", `no server runs on ${dataDir}: it has no serve.json`, {
      hint: "start it: cliai serve --detach",
    });
  }
  const path = tokenFile ?? server.token_file;
  return { url: server.url, token: path === undefined ? undefined : readHttpToken(path) };
}
