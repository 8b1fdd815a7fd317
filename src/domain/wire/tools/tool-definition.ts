// What a row of the table of tools says, and the kinds of rows.
import type * as v from "valibot";
import type { Role } from "../roles.ts";

/** How long `ask_human` and `request_stop_approval` wait for the answer without `wait_s`. */
export const defaultWaitS = 60;
/** The longest `wait_s`. */
export const mostWaitS = 86_400;

export interface ToolDefinition<TSchema extends v.GenericSchema = v.GenericSchema> {
  readonly description: string;
  readonly schema: TSchema;
  readonly timeoutMs: number;
  readonly annotations: { readonly readOnlyHint?: boolean; readonly idempotentHint?: boolean };
  /** The role that may call it; every agent if absent. */
  readonly role?: Role;
  /** Whether only the host calls it. Models are not shown it. */
  readonly isHosts?: boolean;
  /** Whether a call repeated with the same request id takes effect once. */
  readonly isKnownById?: boolean;
  /** Whether a call also waits for a person's answer, for `wait_s` seconds. */
  readonly waits?: boolean;
}

const defaultTimeoutMs = 30_000;

export function tool<TSchema extends v.GenericSchema>(
  description: string,
  schema: TSchema,
  annotations: ToolDefinition["annotations"] = {},
): ToolDefinition<TSchema> {
  return { description, schema, annotations, timeoutMs: defaultTimeoutMs };
}

/** A tool of which a call that is repeated with the same request id takes effect once. */
export function onceTool<TSchema extends v.GenericSchema>(
  description: string,
  schema: TSchema,
): ToolDefinition<TSchema> {
  return { ...tool(description, schema), isKnownById: true };
}

/** A {@link onceTool} that waits for a person's answer. */
export function waitingTool<TSchema extends v.GenericSchema>(
  description: string,
  schema: TSchema,
): ToolDefinition<TSchema> {
  return { ...onceTool(description, schema), waits: true };
}

/** A {@link onceTool} that only captains may call. */
export function captainsTool<TSchema extends v.GenericSchema>(
  description: string,
  schema: TSchema,
): ToolDefinition<TSchema> {
  return { ...onceTool(description, schema), role: "captain" };
}
