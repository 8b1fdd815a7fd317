// Launches headless agents at a person's request: `spawn --detach` and `resume` send it to the serve that launches them. Only the
// operator can publish on this subject, because each agent is in a NATS account of its own.
import * as v from "valibot";
import { CliaiError, type ErrorCode, isErrorCode, messageOf } from "../domain/text/errors.ts";
import { AgentIdSchema } from "../domain/wire/agent-id.ts";
import { checkMessage, decodeMessage } from "../domain/wire/decode.ts";
import { serveLaunchSubject, serveQueueGroup } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { type LaunchRequest, LaunchRequestSchema, type Spawned, type Spawner } from "../web/api/spawner.ts";

/** Longer than a launch may take until the agent is connected. */
const answerWithinMs = 60_000;

const SpawnedSchema = v.object({ agent_id: AgentIdSchema, command_id: v.optional(v.string()) });
const AnswerSchema = v.object({
  spawned: v.optional(SpawnedSchema),
  error: v.optional(v.object({ code: v.string(), message: v.string(), hint: v.optional(v.string()) })),
});

/** Returns the function that ends it. */
export function openLaunchDesk(bus: Bus, spawner: Pick<Spawner, "spawn">, log: Logger): () => void {
  const answer = async (data: Uint8Array): Promise<v.InferInput<typeof AnswerSchema>> => {
    try {
      return { spawned: await spawner.spawn(decodeMessage(LaunchRequestSchema, data)) };
    } catch (error) {
      if (error instanceof CliaiError) return error.toJSON();
      log.error(`${serveLaunchSubject}: ${messageOf(error)}`);
      return { error: { code: "failed", message: messageOf(error) } };
    }
  };
  return bus.subscribe(
    serveLaunchSubject,
    (message) => {
      answer(message.data).then(
        (body) => message.reply(body),
        (error: unknown) => log.warn(`${serveLaunchSubject}: ${messageOf(error)}`),
      );
    },
    { queue: serveQueueGroup },
  );
}

/**
 * Resolves when the agent is connected.
 * @throws CliaiError `server_unreachable` if no serve runs; `no_answer`; the error of serve
 */
export async function askForLaunch(bus: Bus, request: LaunchRequest): Promise<Spawned> {
  const data = await bus.request(serveLaunchSubject, request, { timeoutMs: answerWithinMs });
  const { spawned, error } = decodeMessage(AnswerSchema, data);
  if (error === undefined) return checkMessage(SpawnedSchema, spawned) as Spawned;
  const code: ErrorCode = isErrorCode(error.code) ? error.code : "failed";
  throw new CliaiError(code, error.message, error.hint === undefined ? {} : { hint: error.hint });
}
