// Builds how Copilot CLI is started on its terminal: cliai's MCP server, and a plugin for this launch with cliai's hooks. Copilot CLI runs
// the hooks of all its sources, so cliai changes none of the user's. Measured with 1.0.102.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { CliaiError } from "../../domain/text/errors.ts";
import type { AgentLaunch, CliStart, HookPlace } from "../agent-launch.ts";
import { passesOn } from "../passed-on.ts";
import { commonStart, jsonFile, quietEnv } from "./copilot-files.ts";
import { kindOfHook, permissionHook } from "./copilot-hooks.ts";

/** If the user passes one of these, the session has an id already. */
const sessionFlags = ["--session-id", "--resume", "--continue"];
/** How long Copilot CLI waits for a hook that the host answers at once. */
const toldWithinS = 30;
/** The hooks that the host may hold until a person answers. */
const heldHooks: readonly string[] = ["preToolUse", permissionHook];

/** @throws CliaiError `config_invalid` */
export async function prepareOnTerminal(launch: AgentLaunch): Promise<CliStart> {
  const start = buildStart(launch);
  await mkdir(pluginDir(launch), { recursive: true, mode: 0o700 });
  return start;
}

function pluginDir({ dir }: Pick<AgentLaunch, "dir">): string {
  return join(dir, "copilot-plugin");
}

/** @throws CliaiError `config_invalid` */
export function buildStart(launch: AgentLaunch): CliStart {
  const { hooks, sessionId, task } = launch;
  const common = commonStart(launch);
  return {
    args: [
      ...common.args,
      ...(hooks === undefined ? [] : ["--plugin-dir", pluginDir(launch)]),
      ...(passesOn(launch, sessionFlags) ? [] : ["--session-id", sessionId]),
      ...launch.passedOn,
      // In one argument, so that a task may begin with dashes.
      ...(task === undefined ? [] : [`--interactive=${task}`]),
    ],
    env: quietEnv,
    files: [...common.files, ...(hooks === undefined ? [] : pluginFiles(pluginDir(launch), hooks))],
  };
}

function pluginFiles(dir: string, place: HookPlace) {
  const { command, args } = place.command;
  if (place.holdsEnds) {
    throw new CliaiError("config_invalid", 'cliai cannot support "stop_approval" for copilot on a terminal', {
      hint: "leave it out of the profile: copilot ends a turn whose end was refused eight times",
    });
  }
  const names = [...kindOfHook.keys()].filter((name) => name !== permissionHook || place.asksPermissions);
  const hookOf = (name: string) => {
    const timeoutSec = heldHooks.includes(name) ? place.holdS : toldWithinS;
    return [{ type: "command", exec: command, args: [...args, "--event", name], timeoutSec }];
  };
  const hooks = Object.fromEntries(names.map((name) => [name, hookOf(name)]));
  return [
    jsonFile(join(dir, "plugin.json"), {
      ...{ name: "cliai", version: "1.0.0", description: "tells cliai's host what this session does" },
      hooks: "hooks.json",
    }),
    jsonFile(join(dir, "hooks.json"), { version: 1, hooks }),
  ];
}
