// Chooses the credentials of a launched agent: always its own. A person may run `spawn` with the operator's credentials, but
// the agent never gets those. It gets new ones, made here or by the serve that holds the keys.
import { realpath, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { endAgentKeys, mintAgent } from "../../credentials/agent-keys.ts";
import { operatorCredsPath, readKeys } from "../../credentials/keys.ts";
import { agentCredsPath } from "../../data-dir/agent-folders.ts";
import { ensureOwnDir, ensurePrivateDir, writePrivateFile } from "../../data-dir/private-files.ts";
import { readServeFile, type ServeFile } from "../../data-dir/serve-file.ts";
import { parseLimits } from "../../domain/budgets/parse-budget.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import { redact } from "../../domain/text/redact.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import type { Role } from "../../domain/wire/roles.ts";
import { readUser } from "../../nats/accounts/credentials.ts";
import { readCredentials } from "../../nats/accounts/credentials-file.ts";
import type { Bus } from "../../nats/bus.ts";
import { askForCredentials, endCredentials } from "../credentials-desk.ts";
import { withClient } from "../fleet/client.ts";
import type { CliContext } from "../frame/context.ts";
import { mintAtNode } from "../node/node-credentials.ts";
import { readNodeFile } from "../node/node-file.ts";

/** What `--creds` names: an agent's credentials, the operator's, or ("unknown") those of a NATS server that others run. */
export type GivenCredentials =
  | { readonly of: "agent"; readonly path: string; readonly id: AgentId }
  | { readonly of: "operator" | "unknown"; readonly path: string };

/** @throws CliaiError `config_invalid` for a file that cannot be read */
export async function judgeCredentials(path: string, dataDir: string): Promise<GivenCredentials> {
  const user = await readUser(await readCredentials(path));
  if (user?.agentId !== undefined) return { of: "agent", path, id: user.agentId };
  const server = await readServeFile(dataDir).catch(() => undefined); // a damaged serve.json is reported by the code that needs it
  const isServes = server?.nats_creds !== undefined && (await isSameFile(server.nats_creds, path));
  return { of: user?.isOperator === true || isServes ? "operator" : "unknown", path };
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => realpath(path).catch(() => path)));
  return a === b;
}

export interface OwnCredentials {
  /** Undefined if NATS asks for no credentials. */
  readonly path: string | undefined;
  /** Whether they were made for this launch. */
  readonly isMinted: boolean;
  /** Revokes the credentials if they were made for this launch. Never throws, but logs errors. */
  end(): Promise<void>;
}

export interface OwnCredentialsOptions {
  readonly id: AgentId;
  readonly role: Role;
  readonly dataDir: string;
  /** `--url`; undefined for the data directory's own server. */
  readonly url: string | undefined;
  readonly given: GivenCredentials | undefined;
  /** `--dry-run`: no credentials are left; `path` names the file that they would be in. */
  readonly isDry?: boolean;
  /** What it may spend. On a node, the hub keeps that when it signs the credentials. */
  readonly budget?: string | undefined;
}

/**
 * @throws CliaiError `config_invalid` if `--creds` are another agent's, or if the NATS server is run by others, whose operator
 * has to make the credentials; `nats_unreachable`
 */
export async function ownCredentials(
  options: OwnCredentialsOptions,
  context: CliContext,
): Promise<OwnCredentials> {
  const { id, role, dataDir, url, given, budget } = options;
  if (given !== undefined && given.of !== "operator") {
    if (given.of === "agent") requireOwn(given, id);
    return notMade(given.path);
  }
  if (url !== undefined) {
    if (given === undefined) return notMade(undefined);
    const made = await mintRemotely({ ...options, url, credsPath: given.path }, context);
    if (!options.isDry) return made;
    // Whether that serve makes credentials is known only when it has made some: those are revoked at once.
    await made.end();
    await rm(agentCredsPath(dataDir, id));
    return notMade(made.path);
  }
  const node = await readNodeFile(dataDir);
  if (node !== undefined) {
    if (options.isDry) return notMade(agentCredsPath(dataDir, id));
    const limits = budget === undefined ? undefined : parseLimits(budget);
    return { ...(await mintAtNode(id, { dataDir, node, log: context.log }, limits)), isMinted: true };
  }
  const server = await readServeFile(dataDir);
  const keys = await readKeys(dataDir);
  const isOurs = server === undefined || server.nats_creds === operatorCredsPath(dataDir);
  if (keys !== undefined && isOurs) {
    if (options.isDry) return notMade(agentCredsPath(dataDir, id));
    const { now, log } = context;
    const path = await mintAgent(dataDir, keys, { id, role, now: now() });
    const issuedUntil = now();
    return { path, isMinted: true, end: () => endAgentKeys(dataDir, id, { issuedUntil, now: now(), log }) };
  }
  if (server?.nats_creds === undefined) return notMade(undefined);
  throw needsOwn(id, server);
}

function notMade(path: string | undefined): OwnCredentials {
  return { path, isMinted: false, end: async () => undefined };
}

function requireOwn({ id, path }: GivenCredentials & { readonly of: "agent" }, wanted: AgentId): void {
  if (id === wanted) return;
  throw new CliaiError("config_invalid", `${path} holds the credentials of "${id}", not of "${wanted}"`, {
    hint: `name the credentials of "${wanted}", or launch the other agent: --id ${id}`,
  });
}

function needsOwn(id: AgentId, { nats_url }: Pick<ServeFile, "nats_url">, cause?: unknown): CliaiError {
  return new CliaiError("config_invalid", `"${id}" needs credentials of its own for ${redact(nats_url)}`, {
    hint: "ask the operator of that server for them, then: --creds FILE",
    cause,
  });
}

/** Has the credentials made by the serve on another machine, which holds the keys. */
async function mintRemotely(
  { id, role, dataDir, url, credsPath }: OwnCredentialsOptions & { url: string; credsPath: string },
  context: CliContext,
): Promise<OwnCredentials> {
  const ask = <Result>(work: (bus: Bus) => Promise<Result>) =>
    withClient({ url, creds: credsPath }, context, work);
  const { creds, user_key } = await ask((bus) => askForCredentials(bus, { id, role })).catch(
    (error: unknown) => {
      // If nobody answers, no serve there holds keys: others run that NATS server.
      if (!(error instanceof CliaiError) || error.code !== "server_unreachable") throw error;
      throw needsOwn(id, { nats_url: url }, error);
    },
  );
  const path = agentCredsPath(dataDir, id);
  await ensurePrivateDir(dataDir);
  for (const dir of [join(dataDir, "agents"), dirname(path)]) await ensureOwnDir(dir);
  await writePrivateFile(path, creds);
  const end = async () => {
    try {
      await ask((bus) => endCredentials(bus, { id, user_key }));
    } catch (error) {
      const remedy = `on the server's machine: cliai agents revoke ${id}`;
      context.log.warn(`the credentials of ${id} may still be valid: ${messageOf(error)}; ${remedy}`);
    }
  };
  return { path, isMinted: true, end };
}
