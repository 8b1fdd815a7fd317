// This room deals with the model server of one agent: which one, with which settings, and whether an agent CLI can work on it.
//
// Chooses the model server for a launch: that of the flag, or that of the profile.
import * as v from "valibot";
import type { AgentCli } from "../../agents/agent-cli.ts";
import { agentClis } from "../../agents/agent-clis.ts";
import {
  exampleServer,
  type ModelServerProfile,
  ModelServerSchema,
  ModelServerUrlSchema,
} from "../../domain/model-server.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { redact } from "../../domain/text/redact.ts";
import type { FoundProfile } from "../../profiles/profile-set.ts";

/** The keys of a profile's `model_server` that not every CLI can use. */
const specialKeys = ["calls", "max_steps", "slim"] as const;

/**
 * The model server of `--model-server`, with the profile's settings if the profile names the same address. Without the flag, the model server
 * of the profile. Undefined if neither names one.
 * @throws CliaiError `usage` if the CLI needs a model server and none is named, or if the CLI cannot use one; `config_invalid` for a setting
 * that the CLI cannot use
 */
export function modelServerOf(
  found: FoundProfile,
  cli: AgentCli,
  flag: string | undefined,
): ModelServerProfile | undefined {
  const { name, profile, origins } = found;
  const { model_server: own } = profile;
  checkModelServerFlag(flag);
  const isNamed = flag !== undefined || own !== undefined;
  if (!isNamed && cli.modelServer?.isNeeded === true) {
    throw new CliaiError("usage", `${cli.name} needs a model server, and none is named`, {
      hint: `name one: --model-server ${exampleServer}, or "model_server": {"url": "${exampleServer}"} in the profile`,
    });
  }
  if (!isNamed) return undefined;
  if (cli.modelServer === undefined) {
    const what =
      flag === undefined
        ? `${origins.get("model_server")}: "${name}.model_server"`
        : `--model-server ${flag}`;
    const able = agentClis.filter(({ modelServer }) => modelServer !== undefined).map((each) => each.name);
    throw new CliaiError("usage", `${what} is given, but cliai cannot give a model server to ${cli.name}`, {
      hint: `take another CLI, such as --cli local, or name the server in the CLI's own settings; cliai can give one to ${able.join(", ")}`,
    });
  }
  if (own === undefined || (flag !== undefined && own.url !== flag)) {
    return v.parse(ModelServerSchema, { url: flag });
  }
  checkKeys(found, own, cli);
  return own;
}

/**
 * Refuses a password in the address, because others could read it in the arguments of the agent's processes, and in its files.
 * @throws CliaiError `usage` if the flag is not the address of a model server
 */
export function checkModelServerFlag(flag: string | undefined): void {
  if (flag === undefined || v.is(ModelServerUrlSchema, flag)) return;
  if (/^https?:\/\/.*@/.test(flag)) {
    throw new CliaiError("usage", `--model-server ${redact(flag)} holds a user or a password`, {
      hint: 'leave it out; the server\'s key comes by a variable that a profile names: "model_server": {"key_from": "VARIABLE"}',
    });
  }
  throw new CliaiError("usage", `--model-server ${JSON.stringify(redact(flag))} is not a URL`, {
    hint: `such as --model-server ${exampleServer}`,
  });
}

function checkKeys(
  { name, origins }: FoundProfile,
  server: ModelServerProfile,
  { name: cli, modelServer: use }: AgentCli,
): void {
  const otherKind = use?.api === "/v1/messages" ? "openai" : "anthropic";
  if (server.kind === otherKind) {
    throw new CliaiError(
      "config_invalid",
      `${origins.get("model_server")}: "${name}.model_server.kind" is ${otherKind}, and ${cli} asks for ${use?.api ?? "/v1/chat/completions"}`,
      { hint: "leave it out, so that cliai finds it out from the server's answers" },
    );
  }
  const isGiven = (key: (typeof specialKeys)[number]) => server[key] !== undefined && server[key] !== "auto";
  const key = specialKeys.find((each) => isGiven(each) && use?.takes?.includes(each) !== true);
  if (key === undefined) return;
  throw new CliaiError(
    "config_invalid",
    `${origins.get("model_server")}: "${name}.model_server.${key}" is set, and ${cli} cannot use it`,
    { hint: `remove it there${key === "slim" ? "" : ", or use --cli local"}` },
  );
}
