// Checks a request to launch an agent before anything is started. Captains' and people's requests are checked alike.
import { isAbsolute } from "node:path";
import type { AgentCli } from "../../../agents/agent-cli.ts";
import { findAgentCli } from "../../../agents/agent-clis.ts";
import { CliaiError } from "../../../domain/text/errors.ts";
import { type AgentId, buildAgentId } from "../../../domain/wire/agent-id.ts";
import { type ProfileReader, projectOf } from "../../spawn/profile.ts";
import { isDirectory } from "../../spawn/project-dir.ts";

export interface LaunchRequest {
  readonly profile: string;
  /** The directory to work in; default: the profile's own, else the one that `serve` runs in. */
  readonly project?: string | undefined;
  /** The agent CLI to launch instead of the profile's. */
  readonly cli?: string | undefined;
}

/**
 * Finds the agent CLI and the directory for a launch. The project must be a full path, because whoever asks may be in another
 * directory than `serve`.
 * @throws CliaiError `message_invalid`; `config_invalid` if the profile names an unknown CLI
 */
export async function checkLaunch(
  { profile, project, cli: wanted }: LaunchRequest,
  {
    profiles,
    cwd,
    where = "the server's machine",
  }: { readonly profiles: ProfileReader; readonly cwd: string; readonly where?: string },
): Promise<{ readonly cli: AgentCli; readonly project: string }> {
  const found = (await profiles(project ?? cwd)).find(profile, "message_invalid");
  const cli = findAgentCli(wanted ?? found.profile.cli, found.profile.acp);
  const path = project ?? (await projectOf(found)) ?? cwd;
  if (isAbsolute(path) && (await isDirectory(path))) return { cli, project: path };
  throw new CliaiError("message_invalid", `project "${path}" is not a directory on ${where}`, {
    hint: "give the full path of an existing directory",
  });
}

export function freeAgentId(profile: string, isKnown: (id: AgentId) => boolean): AgentId {
  for (;;) {
    const id = buildAgentId(profile, Math.random());
    if (!isKnown(id)) return id;
  }
}
