// The flags of an agent's launch, which win over its profile. An agent that has ended is started again with them. Pure.
import * as v from "valibot";
import { definedOf } from "./defined.ts";
import { ModelServerUrlSchema } from "./model-server.ts";
import { holdsSecret } from "./text/holds-secret.ts";
import { roles } from "./wire/roles.ts";

export const LaunchFlagsSchema = v.object({
  cli: v.exactOptional(v.string()),
  role: v.exactOptional(v.picklist(roles)),
  model: v.exactOptional(v.string()),
  /** The URL of `--model-server`. */
  model_server: v.exactOptional(ModelServerUrlSchema),
  /** The absolute path of the settings file. */
  config: v.exactOptional(v.string()),
  /** The branch of its worktree; "" if none is named. */
  worktree: v.exactOptional(v.string()),
  /** Where that branch begins, if it is new. */
  base: v.exactOptional(v.string()),
  /** What it may spend, as `--budget` has it. */
  budget: v.exactOptional(v.string()),
  strict_mcp: v.exactOptional(v.literal(true)),
  die_with_terminal: v.exactOptional(v.literal(true)),
  /** Set if the agent is launched without a terminal now, but `cliai resume` at a terminal starts it on that terminal. */
  resume_on_terminal: v.exactOptional(v.literal(true)),
  /** The arguments after `--`. */
  passed_on: v.exactOptional(v.array(v.string())),
});
export type LaunchFlags = Readonly<v.InferOutput<typeof LaunchFlagsSchema>>;

/** How an agent was launched last. */
export const LaunchedAsSchema = v.object({
  ...LaunchFlagsSchema.entries,
  /** The name of its profile. */
  profile: v.string(),
  /** Whether it had no terminal. */
  headless: v.boolean(),
  /** Set if `passed_on` is left out, because one of the arguments looks like a secret. */
  has_secret: v.exactOptional(v.literal(true)),
});
export type LaunchedAs = Readonly<v.InferOutput<typeof LaunchedAsSchema>>;

/** Whether `cliai resume` at a terminal starts the agent on that terminal. True if it is not known how the agent was launched. */
export function belongsOnTerminal(before: LaunchedAs | undefined): boolean {
  return before?.headless !== true || before.resume_on_terminal === true;
}

/** The launch as it may be stored: without the arguments after `--` if one of them looks like a secret. */
export function withoutSecrets({ passed_on, ...launch }: LaunchedAs): LaunchedAs {
  if (passed_on === undefined || passed_on.length === 0) return launch;
  if (passed_on.some(holdsSecret)) return { ...launch, has_secret: true };
  return { ...launch, passed_on };
}

/** The flags of the last launch. A flag that is given now counts instead of the earlier one. */
export function flagsAgain(before: LaunchedAs | undefined, given: LaunchFlags): LaunchFlags {
  const { profile: _profile, headless: _headless, has_secret: _secret, ...flags } = before ?? {};
  return { ...flags, ...definedOf(given) };
}
