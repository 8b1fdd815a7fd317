// Builds how Qwen Code is started on its terminal: cliai's MCP server, a file of defaults with cliai's hooks, and the file from which the
// session takes texts. Qwen Code runs the hooks of all its settings files, so none of the user's is changed. Measured with 0.24.4.
import { CliaiError } from "../../domain/text/errors.ts";
import { ownServer } from "../acp/acp-tools.ts";
import { permissionFlags } from "../acp/agents/qwen.ts";
import type { AgentLaunch, CliStart, HookPlace } from "../agent-launch.ts";
import { passesOn } from "../passed-on.ts";
import { makePipe } from "./qwen-events.ts";
import {
  administratorsDefaults,
  defaultsFile,
  defaultsVariable,
  serverEnvironment,
  serversFile,
} from "./qwen-files.ts";
import { askingHook, kindOfHook } from "./qwen-hooks.ts";
import { eventsPath, inputPath } from "./qwen-input.ts";
import { modelServerArgs, modelServerDefaults, modelServerEnv } from "./qwen-model-server.ts";

/** If the user passes one of these, the session has an id already. */
const sessionFlags = ["--session-id", "--resume", "-r", "--continue", "-c"];
/** Whatever a hook's own time, Qwen Code goes on without its answer after a minute, and a tool that waits then runs. */
const hookTimeoutS = 60;
/** How long cliai holds a hook. Less, because the user's own hooks are called for the same tool, and the minute is for all of them. */
export const longestHoldMs = 45_000;

/** @throws CliaiError `config_invalid` */
export async function prepareOnTerminal(launch: AgentLaunch): Promise<CliStart> {
  const { hooks } = launch;
  const hasPipe = hooks !== undefined && (await makePipe(eventsPath(launch)));
  return buildStart(launch, hasPipe);
}

/**
 * @param hasPipe whether there is a pipe into which Qwen Code can tell what it asks
 * @throws CliaiError `config_invalid` for what cannot be held on its terminal
 */
export function buildStart(launch: AgentLaunch, hasPipe: boolean): CliStart {
  const { hooks, isResumed, sessionId, allowedTools = [], model, task } = launch;
  // Without one, its default is a mode in which a model decides about permissions.
  const mode = launch.permissionMode ?? (launch.asksPermissions === true ? "default" : undefined);
  if (launch.asksPermissions === true && !hasPipe) refuse('"permissions": "inbox"', "its own terminal asks");
  if (hooks?.holdsEnds === true) refuse('"stop_approval"', "its turn ends after a minute without an answer");
  const servers = serversFile(launch, { trust: true });
  const ours =
    hooks === undefined || administratorsDefaults(hooks.env)
      ? undefined
      : defaultsFile(launch, { ...hooksFor(hooks, hasPipe), ...modelServerDefaults(launch) });
  return {
    args: [
      ...["--mcp-config", servers.path],
      ...["--input-file", inputPath(launch)],
      ...(hasPipe ? ["--json-file", eventsPath(launch)] : []),
      ...(passesOn(launch, sessionFlags)
        ? []
        : [isResumed === true ? "--resume" : "--session-id", sessionId]),
      ...(mode === undefined || passesOn(launch, permissionFlags) ? [] : ["--approval-mode", mode]),
      ...(launch.strictMcp ? ["--allowed-mcp-server-names", ownServer] : []),
      ...allowedTools.flatMap((rule) => ["--allowed-tools", rule]),
      ...(model === undefined ? [] : ["--model", model]),
      ...modelServerArgs(launch),
      ...["--append-system-prompt", launch.instructions],
      ...launch.passedOn,
      // In one word, so that a task may begin with dashes.
      ...(task === undefined ? [] : [`--prompt-interactive=${task}`]),
    ],
    env: {
      ...serverEnvironment,
      ...(ours === undefined ? {} : { [defaultsVariable]: ours.path }),
      ...modelServerEnv(launch),
    },
    files: [servers, { path: inputPath(launch), content: "" }, ...(ours === undefined ? [] : [ours])],
  };
}

function refuse(what: string, why: string): never {
  throw new CliaiError("config_invalid", `cliai cannot hold ${what} for qwen on a terminal: ${why}`, {
    hint: "leave it out of the profile, or add --headless",
  });
}

function hooksFor({ url, token }: HookPlace, hasPipe: boolean): object {
  const hook = {
    ...{ type: "http", url, timeout: hookTimeoutS, name: "cliai" },
    headers: { authorization: `Bearer ${token}` },
  };
  const names = [...kindOfHook.keys()].filter((name) => name !== askingHook || !hasPipe);
  return { hooks: Object.fromEntries(names.map((name) => [name, [{ hooks: [hook] }]])) };
}
