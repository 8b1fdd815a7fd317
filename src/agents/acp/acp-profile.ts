// An agent that speaks ACP and that a profile describes: `"cli": "acp:NAME"` with the key `acp`. cliai was never tried with this agent, so it
// trusts nothing that the agent says about itself.
import * as v from "valibot";
import { type ModeAbilities, no, partly, untried } from "../../domain/abilities.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { described, textSetting } from "../../domain/text/setting-schemas.ts";
import type { AgentCli } from "../agent-cli.ts";
import type { AgentLaunch, CliStart } from "../agent-launch.ts";
import { acpCli } from "./acp.ts";

export const acpProfileEntries = {
  command: described(
    textSetting("the name or path of a program"),
    "the program; by its name on PATH, or its full path",
  ),
  args: v.optional(
    described(
      v.array(textSetting("an argument"), "must be a list of texts: an argument"),
      "the arguments that make it speak ACP over its standard input and output",
    ),
    [],
  ),
  steer: v.optional(
    described(
      textSetting("the name of a request"),
      "the request by which the agent asks for texts that are to join its running turn; without it, a text waits for the end of the turn",
    ),
  ),
  rejectEndsTurn: v.optional(
    described(
      v.boolean("must be true or false"),
      "whether a refused permission ends the agent's turn; the reason of the refusal is then its next prompt",
    ),
    false,
  ),
};
export const AcpProfileSchema = v.strictObject(acpProfileEntries, ({ expected }) =>
  expected === "Object" ? "must be an object" : "must be given",
);
export type AcpProfile = v.InferOutput<typeof AcpProfileSchema>;

const prefix = "acp:";
const nameForm = /^[A-Za-z0-9][A-Za-z0-9_-]{0,57}$/;

export function isAcpName(cli: string): boolean {
  return cli.startsWith(prefix);
}

/**
 * The CLI of a profile with `"cli": "acp:NAME"`.
 * @param profile its key `acp`
 * @throws CliaiError `config_invalid`
 */
export function acpCliOf(cli: string, profile: AcpProfile | undefined): AgentCli {
  if (!nameForm.test(cli.slice(prefix.length))) {
    throw new CliaiError("config_invalid", `"${cli}" is not acp: and a name`, {
      hint: 'such as "cli": "acp:mine", with 1 to 58 letters, digits, _ or -',
    });
  }
  if (profile === undefined) {
    throw new CliaiError("config_invalid", `the profile of "${cli}" has no key "acp"`, {
      hint: 'add how to start the agent: "acp": {"command": "PROGRAM", "args": ["--acp"]}',
    });
  }
  const { command, args, steer, rejectEndsTurn } = profile;
  return acpCli({
    ...{ name: cli, program: command, install: `put it on PATH, or give its full path as acp.command` },
    ...{ triedVersion: "", probedFlags: [], abilities: abilitiesOf(steer !== undefined) },
    ...{ steer, rejectEndsTurn },
    toolNameOf: () => undefined,
    prepare: (launch) => prepare(cli, args, launch),
  });
}

/** @throws CliaiError `config_invalid` for what only the agent's own arguments can say */
function prepare(
  cli: string,
  args: readonly string[],
  { model, allowedTools = [], strictMcp, passedOn }: AgentLaunch,
): CliStart {
  const unknown = [
    ...(model === undefined ? [] : ["a model"]),
    ...(allowedTools.length === 0 ? [] : ["allowed_tools"]),
    ...(strictMcp ? ["--strict-mcp"] : []),
  ];
  if (unknown.length > 0) {
    throw new CliaiError("config_invalid", `cliai cannot give ${unknown.join(", ")} to ${cli}`, {
      hint: "give the agent's own arguments for it, in acp.args or after --",
    });
  }
  return { args: [...args, ...passedOn] };
}

function abilitiesOf(isSteered: boolean): ModeAbilities {
  return {
    headless: {
      task: untried("a prompt of ACP"),
      steer: isSteered ? untried("when it asks for the text") : no("the text waits for the end of the turn"),
      pause: partly("a tool that asks for a permission, and what it is told; no other tool"),
      stop_in_tool: untried("its turn is cancelled, and all that it has started is ended"),
      permission: untried("what it asks is asked in the inbox"),
      question: no("ACP has none"),
      seen: untried("its model's first answer after the text"),
      usage: untried("if it tells its tokens"),
      cost: no("it is not read"),
      resume: untried("by its own session id, if it can load a session"),
      shared: no("it has no terminal"),
    },
  };
}
