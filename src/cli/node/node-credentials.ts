// The credentials of an agent on a node: its key is made here, and the hub signs it.
import { dirname, join } from "node:path";
import { agentCredsPath } from "../../data-dir/agent-folders.ts";
import { ensureOwnDir, ensurePrivateDir, writePrivateFile } from "../../data-dir/private-files.ts";
import type { Limit } from "../../domain/budgets/budget.ts";
import { CliaiError, messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { nodeInboxPrefix } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import { readCredentials } from "../../nats/accounts/credentials-file.ts";
import { createUserKey } from "../../nats/accounts/node-credentials.ts";
import { certificatesIn } from "../../nats/accounts/trust.ts";
import { connectBus } from "../../nats/connect-bus.ts";
import { askOperatorDesk } from "../../server/operator-desk.ts";
import { agentCredentialsDesk, type CredentialsRequest, type Signed } from "../nodes/agent-desks.ts";
import { type NodeFile, nodeCredsPath } from "./node-file.ts";

export interface AtNode {
  readonly dataDir: string;
  readonly node: NodeFile;
  readonly log: Logger;
}

/**
 * Writes credentials for an agent of this node. Returns their path, and the function that revokes them, which never throws but logs errors.
 * @param limits its budgets, which the hub keeps from then on
 * @throws CliaiError `refused` if the hub does not sign them, `nats_unreachable` if it cannot be reached
 */
export async function mintAtNode(
  id: AgentId,
  at: AtNode,
  limits?: readonly Limit[],
): Promise<{ readonly path: string; readonly end: () => Promise<void> }> {
  const { dataDir, log } = at;
  const key = createUserKey();
  const budget = limits === undefined ? {} : { limits: [...limits] };
  const { jwt } = await ask({ act: "make", agent_id: id, user_key: key.publicKey, ...budget }, at);
  if (jwt === undefined) throw new CliaiError("failed", `the hub has signed nothing for ${id}`);
  const path = agentCredsPath(dataDir, id);
  await ensurePrivateDir(dataDir);
  for (const dir of [join(dataDir, "agents"), dirname(path)]) await ensureOwnDir(dir);
  // The agent trusts whom the node trusts.
  const trust = certificatesIn(await readCredentials(nodeCredsPath(dataDir))).join("\n");
  await writePrivateFile(path, `${key.credsWith(jwt)}${trust}`);
  const end = async () => {
    try {
      await ask({ act: "end", agent_id: id, user_key: key.publicKey }, at);
    } catch (error) {
      log.warn(
        `the credentials of ${id} may still be valid: ${messageOf(error)}; on the server's machine: cliai agents revoke ${id}`,
      );
    }
  };
  return { path, end };
}

async function ask(request: CredentialsRequest, { dataDir, node, log }: AtNode): Promise<Signed> {
  const { name, url } = node;
  const bus = await connectBus({
    ...{ url, name: `cliai spawn at ${name}`, credsPath: nodeCredsPath(dataDir) },
    ...{ inboxPrefix: nodeInboxPrefix(name), connectTimeoutMs: 5_000, log },
  });
  try {
    return await askOperatorDesk(bus, agentCredentialsDesk(name), request);
  } finally {
    await bus.close();
  }
}
