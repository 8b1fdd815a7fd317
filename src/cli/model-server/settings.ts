// Turns the key `model_server` of a profile into the settings of a model client.
import type { AgentCli } from "../../agents/agent-cli.ts";
import type { ModelServerProfile, ModelServerSettings } from "../../domain/model-server.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import type { Environment } from "../../runtime.ts";

/**
 * The settings of a client that asks the server on behalf of a CLI.
 * @throws CliaiError `config_invalid` if the variable with the server's key is not set
 */
export function settingsFor(
  { modelServer }: Pick<AgentCli, "modelServer">,
  { kind, calls, key_from, ...server }: ModelServerProfile,
  env: Environment,
): ModelServerSettings {
  return {
    ...server,
    api: modelServer?.api,
    kind: kind === "auto" ? undefined : kind,
    calls: calls === "auto" ? undefined : calls,
    key: readServerKey(key_from, env),
  };
}

/** @param name of the environment variable. @throws CliaiError `config_invalid` if it is not set */
export function readServerKey(name: string | undefined, env: Environment): string | undefined {
  if (name === undefined || env[name]) return env[name ?? ""];
  throw new CliaiError(
    "config_invalid",
    `the variable ${name}, which holds the model server's key, is not set`,
    {
      hint: `set it, or remove its name from the settings if the server needs no key`,
    },
  );
}
