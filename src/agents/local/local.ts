// This room holds the launch of `cliai loop` (src/loop): an agent of this program itself, on a local model server.
import { join } from "node:path";
import packageJson from "../../../package.json" with { type: "json" };
import { type ModeAbilities, no, yes } from "../../domain/abilities.ts";
import { gateVariable } from "../../domain/model-server.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { selfCommand } from "../../runtime.ts";
import { acpCli } from "../acp/acp.ts";
import type { AgentLaunch, CliStart } from "../agent-launch.ts";

const abilities: ModeAbilities = {
  headless: {
    task: yes("a prompt of ACP"),
    steer: yes("before its model's next answer"),
    pause: yes("it asks before every tool"),
    stop_in_tool: yes("its turn is cancelled, and all that it has started is ended"),
    permission: yes("what its mode asks for is asked in the inbox"),
    question: yes("by the tool ask_human; it has none of its own"),
    seen: yes("its model's first answer after the text"),
    usage: yes("the tokens of each turn, as the model server counts them"),
    cost: no("a local model costs nothing"),
    resume: yes("by its own session id"),
    shared: no("it has no terminal"),
  },
};

const { command, args: programArgs } = selfCommand();

export const local = acpCli({
  abilities,
  name: "local",
  isOwn: true,
  program: command,
  programArgs,
  packageProgram: undefined,
  install: "it is this program",
  // As `--version` is read of every CLI: without what follows the numbers, such as `-dev`.
  triedVersion: packageJson.version.replace(/-.*/, ""),
  probedFlags: [],
  permissionModes: ["ask", "ask-all", "accept-edits", "allow-all"],
  modelServer: { isNeeded: true, takes: ["calls", "max_steps"] },
  hasInstructions: true,
  toolNameOf: ({ name }) => (typeof name === "string" ? name : undefined),
  ownToolPrefix: "mcp__cliai__",
  needsPerson: ({ _meta }) => _meta.needsPerson !== false,
  noticesRetries: true,
  steer: "_cliai/take_words",
  prepare: prepareLocal,
});

function prepareLocal(launch: AgentLaunch): CliStart {
  const { dir, instructions, permissionMode, allowedTools = [], modelServer } = launch;
  const { commandForm, passedOn } = launch;
  if (modelServer === undefined) throw new CliaiError("usage", "local needs a model server");
  if (allowedTools.length > 0) {
    throw new CliaiError("config_invalid", "local has no rules for allowed_tools", {
      hint: "remove them, or choose a permission_mode: accept-edits, allow-all",
    });
  }
  const { url, kind, context, calls, max_steps, key_from, keep_alive, gate } = modelServer;
  const file = { path: join(dir, "instructions.txt"), content: `${instructions}\n` };
  const flags = {
    "model-server": url,
    model: launch.model ?? modelServer.model,
    kind: kind === "auto" ? undefined : kind,
    ...{
      context,
      "max-steps": max_steps,
      "key-from": key_from,
      "keep-alive": keep_alive,
      shell: commandForm,
    },
    calls: calls === "auto" ? undefined : calls,
    "permission-mode": permissionMode,
    instructions: file.path,
    sessions: join(dir, "sessions"),
  };
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  return {
    args: ["loop", ...given.map(([name, value]) => `--${name}=${value}`), ...passedOn],
    ...(gate !== undefined && { env: { [gateVariable]: gate } }),
    files: [file],
  };
}
