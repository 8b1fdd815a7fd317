// Builds how Qwen Code is started on its terminal: cliai's MCP server, a file of defaults with cliai's hooks, and the file from which the
// session takes texts. Qwen Code runs the hooks of all its settings files, so cliai changes none of the user's. Measured with 0.24.4.
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
/** Qwen Code waits a minute for a hook at most, even if its `timeout` is longer. Then it goes on, and a tool that waits runs. */
const hookTimeoutS = 60;
/** How long cliai holds a hook: less than the minute, which is for all hooks of a tool together, the user's own among them. */
export const longestHoldMs = 45_000;

/** @throws CliaiError `config_invalid` */
export async function prepareOnTerminal(launch: AgentLaunch): Promise<CliStart> {
  const { hooks } = launch;
  const hasPipe = hooks !== undefined && (await makePipe(eventsPath(launch)));
  return buildStart(launch, hasPipe);
}

/**
 * @param hasPipe whether there is a pipe into which Qwen Code can tell what it asks
 * @throws CliaiError `config_invalid` for a key of the profile that cliai cannot support on the terminal
 */
export function buildStart(launch: AgentLaunch, hasPipe: boolean): CliStart {
  const { hooks, isResumed, sessionId, allowedTools = [], model, task } = launch;
  // Without a mode, Qwen Code uses one in which a model decides about permissions.
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
      // In one argument, so that a task may begin with dashes.
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
  throw new CliaiError("config_invalid", `cliai cannot support ${what} for qwen on a terminal: ${why}`, {
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
