// Which account an agent's CLI uses at its model's service: agents of one account share its usage limits.
import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { baseOf, type ModelServerProfile } from "../domain/model-server.ts";
import type { AgentCli } from "./agent-cli.ts";

export interface AccountFacts {
  readonly env: Readonly<NodeJS.ProcessEnv>;
  /** The name of this machine: the same directory of two machines may have two logins. */
  readonly hostname: string;
  readonly model: string | undefined;
  /** The model server of the user's own on which the agent works, and its key. */
  readonly modelServer: Pick<ModelServerProfile, "url" | "key_from"> | undefined;
}

/** A name for the account, the same for all its agents, from which nothing of the account can be read; undefined if none is known. */
export function accountOf(cli: Pick<AgentCli, "name" | "account">, facts: AccountFacts): string | undefined {
  const place = placeOf(cli, facts);
  if (place === undefined) return undefined;
  return createHash("sha256")
    .update(["cliai account", cli.name, ...place].join("\n"))
    .digest("hex")
    .slice(0, 16);
}

function placeOf(
  { account }: Pick<AgentCli, "account">,
  { env, hostname, model, modelServer }: AccountFacts,
): readonly string[] | undefined {
  if (modelServer !== undefined)
    return ["server", baseOf(modelServer), env[modelServer.key_from ?? ""] ?? ""];
  if (account === undefined) return undefined;
  const { keys, homeVariable, homeFolder, byProvider } = account;
  const provider = byProvider === true && model?.includes("/") ? (model.split("/")[0] ?? "") : "";
  const key = keys.map((name) => env[name]).find((value) => value !== undefined && value !== "");
  if (key !== undefined) return ["key", key, provider];
  const own = homeVariable === undefined ? undefined : env[homeVariable];
  const home = own || join(env.HOME ?? env.USERPROFILE ?? "", homeFolder);
  return ["home", hostname, realPathOf(home), provider];
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // there is no login yet
  }
}
