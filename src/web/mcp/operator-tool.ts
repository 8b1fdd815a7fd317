// What a tool of the operator's MCP server is, and how the server offers it.
import type { McpServer } from "@modelcontextprotocol/server";
import * as v from "valibot";
import type { TokenScope } from "../../domain/access/token-scopes.ts";
import type { Logger } from "../../log.ts";
import { toolInputSchema } from "../../mcp/tool-schema.ts";
import type { SearchDesk } from "../../search/search.ts";
import type { Server } from "../../server/server.ts";
import { describeError } from "../api/http-errors.ts";

export interface OperatorContext {
  readonly server: Server;
  readonly search: SearchDesk;
  /** Whose orders and answers these are, as the page and the audit name them. */
  readonly by: string;
  readonly now: () => Date;
}

/** As MCP has them; a client may ask its user before it calls a tool that is not only reading. */
export interface ToolHints {
  readonly readOnlyHint?: boolean;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: boolean;
  readonly openWorldHint?: boolean;
}

export interface OperatorTool<TSchema extends v.GenericSchema = v.GenericSchema> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** The scope that a named token needs for it, beside `mcp`. */
  readonly scope?: TokenScope;
  readonly schema: TSchema;
  readonly hints: ToolHints;
  /** Resolves with what the client gets as JSON. @throws CliaiError whose text the client gets */
  readonly run: (args: v.InferOutput<TSchema>, context: OperatorContext) => unknown;
}

/** A text, with what the model is told about it. */
export function described(what: string) {
  return v.pipe(v.string(), v.description(what));
}

export const agentIdText = described("the agent's id, as list_agents gives it");

/** Ties the arguments of `run` to the schema, and lets the tool stand in a list with others. */
export function operatorTool<TSchema extends v.GenericSchema>(tool: OperatorTool<TSchema>): OperatorTool {
  return tool as unknown as OperatorTool;
}

export function offerTool(
  server: McpServer,
  { name, title, description, schema, hints, run }: OperatorTool,
  context: OperatorContext,
  log: Logger,
): void {
  const config = { title, description, annotations: hints, inputSchema: toolInputSchema(schema) };
  server.registerTool(name, config, async (args) => {
    try {
      return { content: [{ type: "text", text: JSON.stringify(await run(args, context)) }] };
    } catch (error) {
      const { message, hint } = describeError(error, log);
      const text = hint === undefined ? message : `${message}; ${hint}`;
      return { content: [{ type: "text", text }], isError: true };
    }
  });
}
