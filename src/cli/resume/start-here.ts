// Starts an agent again on this terminal.
import { flagsAgain, type LaunchedAs, type LaunchFlags } from "../../domain/launch-flags.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { ClientArgs } from "../fleet/client.ts";
import type { CliContext } from "../frame/context.ts";
import { spawnCommand } from "../spawn/spawn.ts";
import { launchArgs, noteSecret } from "./launch-args.ts";
import type { Again } from "./standing.ts";

export interface Here {
  readonly again: Again;
  readonly before: LaunchedAs | undefined;
  readonly given: LaunchFlags;
}

/** Runs the agent on this terminal, as `spawn` does, until its CLI has ended. */
export async function startHere(
  { again, before, given }: Here,
  args: ClientArgs,
  context: CliContext,
): Promise<number> {
  const { id, profile, project, session, role } = again;
  // An agent of an earlier release has no flags, but its role is known.
  const { resume_on_terminal: _isThere, ...flags } = flagsAgain(
    before,
    before === undefined && role !== undefined ? { role, ...given } : given,
  );
  if (session === undefined) noteSecret(id, before, given, context);
  const named = {
    id,
    project,
    resume: session,
    "data-dir": args["data-dir"],
    url: args.url,
    creds: args.creds,
  };
  const { own, passedOn } = launchArgs(flags);
  const start = async (resume: string | undefined) => {
    const values = Object.entries({ ...named, resume }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}=${value}`],
    );
    return await spawnCommand.run(
      [...(profile === undefined ? [] : [profile]), ...values, ...own, ...passedOn],
      context,
    );
  };
  context.note(`${id} goes on here${session === undefined ? ", in a new session" : ", in its session"}`);
  try {
    return await start(session);
  } catch (error) {
    if (!(error instanceof CliaiError) || error.code !== "session_gone") throw error;
    context.note(`${id} goes on here in a new session: ${error.message}`);
    return await start(undefined);
  }
}
