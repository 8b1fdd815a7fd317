// Turns arguments of `cliai spawn` into the flags of a launch, and flags into arguments.
import { resolve } from "node:path";
import { readLaunchedAs } from "../../data-dir/launched-as.ts";
import { definedOf } from "../../domain/defined.ts";
import { flagsAgain, type LaunchedAs, type LaunchFlags } from "../../domain/launch-flags.ts";
import { type AgentId, parseAgentId } from "../../domain/wire/agent-id.ts";
import type { Role } from "../../domain/wire/roles.ts";
import { dataDirFor } from "../fleet/client.ts";
import type { CliContext } from "../frame/context.ts";
import { checkModelServerFlag } from "../model-server/choose.ts";

interface GivenFlags {
  readonly cli?: string | undefined;
  readonly role?: Role | undefined;
  readonly model?: string | undefined;
  readonly "model-server"?: string | undefined;
  readonly config?: string | undefined;
  readonly worktree?: string | undefined;
  readonly base?: string | undefined;
  readonly budget?: string | undefined;
  readonly "strict-mcp"?: boolean | undefined;
  readonly "die-with-terminal"?: boolean | undefined;
  readonly "resume-on-terminal"?: boolean | undefined;
}

/**
 * @param passedOn the arguments after `--`; undefined if there is no `--`
 * @throws CliaiError `usage` for a model server that cannot be passed on
 */
export function launchFlagsOf(
  given: GivenFlags,
  passedOn: readonly string[] | undefined,
  { cwd }: Pick<CliContext, "cwd">,
): LaunchFlags {
  const { cli, role, model, config, worktree, base, budget } = given;
  checkModelServerFlag(given["model-server"]);
  return definedOf({
    ...{ cli, role, model, worktree, base, budget },
    model_server: given["model-server"],
    config: config && resolve(cwd, config),
    strict_mcp: given["strict-mcp"] === true ? (true as const) : undefined,
    die_with_terminal: given["die-with-terminal"] === true ? (true as const) : undefined,
    resume_on_terminal: given["resume-on-terminal"] === true ? (true as const) : undefined,
    passed_on: passedOn && [...passedOn],
  });
}

export interface LaunchArgs {
  readonly own: readonly string[];
  /** `--` and what follows it, which must come last. */
  readonly passedOn: readonly string[];
}

export function launchArgs(flags: LaunchFlags): LaunchArgs {
  const { cli, role, model, model_server, config, worktree, base, budget, strict_mcp, passed_on } = flags;
  const named = { cli, role, model, "model-server": model_server, config, worktree, base, budget };
  const values = Object.entries(named);
  return {
    own: [
      ...values.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
      ...(strict_mcp === true ? ["--strict-mcp"] : []),
      ...(flags.die_with_terminal === true ? ["--die-with-terminal"] : []),
      ...(flags.resume_on_terminal === true ? ["--resume-on-terminal"] : []),
    ],
    passedOn: passed_on === undefined ? [] : ["--", ...passed_on],
  };
}

interface SpawnedAgain extends GivenFlags {
  readonly id?: string | undefined;
  readonly profile?: string | undefined;
  readonly resume?: string | undefined;
  readonly detach?: boolean | undefined;
  readonly "data-dir"?: string | undefined;
}

export interface SpawnedAs<Args> {
  readonly args: Args;
  readonly passedOn: readonly string[];
  readonly hasSecret: boolean;
}

/**
 * The arguments of a `spawn`. If it resumes a session of the agent `--id`, they are completed with the flags of that agent's last launch. A
 * flag that is given now wins. The flags of the last launch do not count if another profile is given.
 */
export async function withLastFlags<Args extends SpawnedAgain>(
  args: Args,
  passedOn: readonly string[] | undefined,
  context: CliContext,
): Promise<SpawnedAs<Args>> {
  const asGiven = { args, passedOn: passedOn ?? [], hasSecret: false };
  if (args.resume === undefined || args.id === undefined || args.detach === true) return asGiven;
  const id = parseAgentId(args.id);
  const before = await readLaunchedAs(dataDirFor(args, context), id);
  if (before === undefined || (args.profile ?? before.profile) !== before.profile) return asGiven;
  const given = launchFlagsOf(args, passedOn, context);
  noteSecret(id, before, given, context);
  // Drop this flag of the last launch: whoever starts the agent now decides whether it belongs on a terminal.
  const { resume_on_terminal: _later, ...again } = flagsAgain(before, given);
  const { passed_on = [], strict_mcp, die_with_terminal, model_server, ...flags } = again;
  return {
    args: {
      ...args,
      ...flags,
      profile: before.profile,
      ...(model_server === undefined ? {} : { "model-server": model_server }),
      ...(strict_mcp === true ? { "strict-mcp": true } : {}),
      ...(die_with_terminal === true ? { "die-with-terminal": true } : {}),
    },
    passedOn: passed_on,
    hasSecret: before.has_secret === true && given.passed_on === undefined,
  };
}

/** Says so if the arguments after `--` of the last launch are needed, but were not stored because one looks like a secret. */
export function noteSecret(
  id: AgentId,
  before: LaunchedAs | undefined,
  given: LaunchFlags,
  { note }: Pick<CliContext, "note">,
): void {
  if (before?.has_secret !== true || given.passed_on !== undefined) return;
  note(
    `${id}: its arguments after -- were not kept, because one of them looks like a secret; to give them again: cliai resume ${id} -- …`,
  );
}
