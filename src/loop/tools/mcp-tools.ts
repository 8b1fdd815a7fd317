// Starts the MCP servers of a session, and makes their tools the loop's.
import { Client } from "@modelcontextprotocol/client";
import { getDefaultEnvironment, StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { Logger } from "../../log.ts";
import type { LongOutputs } from "./long-output.ts";
import { failed, type LoopTool, type ToolResult } from "./loop-tool.ts";

export interface McpServerPlace {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface McpServers extends AsyncDisposable {
  readonly tools: readonly LoopTool[];
}

export interface McpOptions {
  readonly servers: readonly McpServerPlace[];
  readonly cwd: string;
  /** Names that no tool of a server may have. A tool with such a name, or with the name of another tool, is called `SERVER_TOOL`, or `SERVER_TOOL_2` and so on. */
  readonly takenNames: readonly string[];
  readonly outputs: LongOutputs;
  readonly version: string;
  readonly log: Logger;
  /** Aborts when nobody needs the servers any more, even while they start. */
  readonly signal: AbortSignal;
}

/** How long a server may take to start and list its tools. */
const startsWithinMs = 30_000;
/** A tool may wait for a person, for example to answer a question. Only a cancelled turn ends it earlier. */
const toolWithinMs = 86_400_000;

/** @throws CliaiError `failed` if a server does not start: an agent without the tools that it was given would do other work */
export async function startMcpServers(options: McpOptions): Promise<McpServers> {
  const clients: Client[] = [];
  const close = async () => {
    await Promise.all(clients.map((client) => client.close().catch(() => undefined))); // it has ended before
  };
  try {
    const tools: LoopTool[] = [];
    const taken = new Set(options.takenNames);
    for (const server of options.servers) {
      const client = new Client({ name: "cliai-loop", version: options.version });
      clients.push(client); // a server that fails, or is not needed any more, is ended as well
      await connect(client, server, options);
      for (const tool of await listTools(client, server, options)) {
        const name = freeName(tool.name, server, taken);
        taken.add(name);
        tools.push({ ...tool, name });
      }
    }
    return { tools, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

function freeName(tool: string, server: McpServerPlace, taken: ReadonlySet<string>): string {
  if (!taken.has(tool)) return tool;
  const named = `${server.name}_${tool}`;
  let name = named;
  for (let count = 2; taken.has(name); count += 1) name = `${named}_${count}`;
  return name;
}

async function connect(
  client: Client,
  server: McpServerPlace,
  { cwd, log, signal }: McpOptions,
): Promise<void> {
  const { name, command, args, env } = server;
  const transport = new StdioClientTransport({
    command,
    args: [...args],
    env: { ...getDefaultEnvironment(), ...env },
    cwd,
    stderr: "pipe",
  });
  transport.stderr?.on("data", (chunk: Buffer) =>
    log.debug(`MCP server ${name}: ${chunk.toString().trimEnd()}`),
  );
  signal.throwIfAborted();
  await client.connect(transport, { timeout: startsWithinMs, signal }).catch((cause: unknown) => {
    throw notStarted(server, cause);
  });
}

async function listTools(
  client: Client,
  server: McpServerPlace,
  { outputs, signal }: McpOptions,
): Promise<LoopTool[]> {
  const { tools } = await client
    .listTools({}, { timeout: startsWithinMs, signal })
    .catch((cause: unknown) => {
      throw notStarted(server, cause);
    });
  return tools.map(({ name, description = "", inputSchema, annotations }) => ({
    name,
    description,
    parameters: inputSchema,
    kind: "other",
    isReading: annotations?.readOnlyHint === true,
    server: server.name,
    title: () => `${server.name}: ${name}`,
    run: (args, signal) => call(client, name, args, { signal, outputs }),
  }));
}

async function call(
  client: Client,
  name: string,
  args: Readonly<Record<string, unknown>>,
  { signal, outputs }: { readonly signal: AbortSignal; readonly outputs: LongOutputs },
): Promise<ToolResult> {
  try {
    const result = await client.callTool({ name, arguments: { ...args } }, { signal, timeout: toolWithinMs });
    const texts = result.content.map((part) => (part.type === "text" ? part.text : `[${part.type}]`));
    const text = outputs.cut(texts.join("\n"));
    return result.isError === true ? failed(text) : { text };
  } catch (error) {
    signal.throwIfAborted();
    return failed(messageOf(error));
  }
}

function notStarted({ name, command }: McpServerPlace, cause: unknown): CliaiError {
  return new CliaiError("failed", `the MCP server "${name}" does not start: ${messageOf(cause)}`, {
    hint: `check that this runs by itself: ${command}`,
    cause,
  });
}
