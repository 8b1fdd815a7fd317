// This room holds the tools of the loop: its own, and those of MCP servers.
//
// What a tool of the loop is: its name and schema for the model, what a client shows of it, and its run.
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import type { OfferedTool } from "../model/chat-messages.ts";

/** ACP's kinds of tools, as far as the loop has them. */
export type ToolKind = "read" | "edit" | "search" | "execute" | "other";

export interface ToolResult {
  /** What the model reads. */
  readonly text: string;
  readonly isError?: boolean;
  /** What a client may show of an edit: the whole texts, before and after. */
  readonly diff?: { readonly path: string; readonly oldText: string | null; readonly newText: string };
}

export interface LoopTool extends OfferedTool {
  readonly kind: ToolKind;
  /** Whether it only reads: then it runs without permission, unless the mode asks before every tool. */
  readonly isReading: boolean;
  /** The MCP server that has it; undefined for the loop's own tools. */
  readonly server?: string | undefined;
  /** One line for a person. It gets what the model wrote, whatever that is. */
  title(args: Readonly<Record<string, unknown>>): string;
  /** Resolves with the result; a failure is a result, too. Rejects only when the signal aborts. */
  run(args: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<ToolResult>;
}

interface OwnTool<TSchema extends v.GenericSchema>
  extends Pick<LoopTool, "name" | "description" | "kind" | "isReading"> {
  readonly schema: TSchema;
  readonly title: (args: Readonly<Record<string, unknown>>) => string;
  readonly run: (args: v.InferOutput<TSchema>, signal: AbortSignal) => Promise<ToolResult>;
}

/** Checks the arguments before `run`, because a model may invent some; the model then reads which are wrong. */
export function defineTool<TSchema extends v.GenericSchema>(tool: OwnTool<TSchema>): LoopTool {
  const { schema, run, ...rest } = tool;
  const { $schema: _dialect, ...parameters } = toStandardJsonSchema(schema)["~standard"].jsonSchema.input({
    target: "draft-2020-12",
  });
  return {
    ...rest,
    parameters,
    async run(args, signal) {
      const { success, output, issues } = v.safeParse(schema, args);
      if (!success) return failed(issues.map((issue) => wordsOf(issue)).join("; "));
      return await run(output, signal);
    },
  };
}

export function failed(text: string): ToolResult {
  return { text: `error: ${text}`, isError: true };
}

function wordsOf(issue: v.BaseIssue<unknown>): string {
  const path = (issue.path ?? []).map(({ key }) => String(key)).join(".");
  if (issue.type === "strict_object" && issue.expected === "never") return `there is no argument "${path}"`;
  return path === "" ? issue.message : `the argument "${path}": ${issue.message}`;
}
