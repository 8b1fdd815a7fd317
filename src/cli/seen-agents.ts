// Lists the agents for a `spawn` that has only an agent's credentials. These may not read the fleet's records, so it calls
// the tool `list_agents`.
import * as v from "valibot";
import { isAwayWord } from "../domain/fleet/axis/link.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { type AgentId, AgentIdSchema } from "../domain/wire/agent-id.ts";
import { decodeMessage } from "../domain/wire/decode.ts";
import { inboxPrefix, toolCallSubject } from "../domain/wire/subjects.ts";
import { ToolResponseSchema } from "../domain/wire/tool-messages.ts";
import { connectBus } from "../nats/connect-bus.ts";
import type { CliContext } from "./frame/context.ts";
import type { SeenAgents } from "./spawn/spawn-identity.ts";

const answerWithinMs = 5_000;

const ListSchema = v.looseObject({
  ...ToolResponseSchema.entries,
  result: v.optional(
    v.looseObject({
      agents: v.array(
        v.looseObject({ agent_id: AgentIdSchema, status: v.string(), last_seen: v.optional(v.string()) }),
      ),
    }),
  ),
});

/** @throws CliaiError `nats_unreachable`; `refused` if the credentials are not valid or another agent's; `server_unreachable` */
export async function askForAgents(
  natsUrl: string,
  { id, path }: { readonly id: AgentId; readonly path: string },
  { log }: Pick<CliContext, "log">,
): Promise<SeenAgents> {
  const options = { name: "cliai spawn", credsPath: path, inboxPrefix: inboxPrefix(id), log };
  const bus = await connectBus({ url: natsUrl, ...options });
  try {
    const call = { request_id: crypto.randomUUID(), agent_id: id, tool: "list_agents", arguments: {} };
    const data = await bus.request(toolCallSubject(id), call, { timeoutMs: answerWithinMs });
    const { success, result, error = "it does not say why" } = decodeMessage(ListSchema, data);
    if (!success || result === undefined)
      throw new CliaiError("failed", `cliai serve did not list the agents: ${error}`, {
        hint: "see whether the server is well: cliai doctor",
      });
    return new Map(
      result.agents.map(({ agent_id, status, last_seen }) => [
        agent_id,
        // An agent that was never seen has only been announced, so it is not online.
        { isOnline: last_seen !== undefined && !isAwayWord(status) },
      ]),
    );
  } finally {
    await bus.close();
  }
}
