// Launches headless agents at a person's request: `spawn --detach` and `resume` ask the serve that launches them. Only the
// operator can reach its subject, because agents are in accounts of their own.
import * as v from "valibot";
import { CliaiError, type ErrorCode, isErrorCode, messageOf } from "../domain/text/errors.ts";
import { AgentIdSchema } from "../domain/wire/agent-id.ts";
import { checkMessage, decodeMessage } from "../domain/wire/decode.ts";
import { serveLaunchSubject, serveQueueGroup } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { type LaunchRequest, LaunchRequestSchema, type Spawned, type Spawner } from "../web/api/spawner.ts";

/** More than the launch itself may take until the agent is connected. */
const answerWithinMs = 60_000;

const SpawnedSchema = v.object({ agent_id: AgentIdSchema, command_id: v.optional(v.string()) });
const AnswerSchema = v.object({
  spawned: v.optional(SpawnedSchema),
  error: v.optional(v.object({ code: v.string(), message: v.string(), hint: v.optional(v.string()) })),
});

/** Returns the way to end it. */
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

/** Resolves once the agent is connected. @throws CliaiError `server_unreachable` where no serve runs, `no_answer`, and what serve says */
export async function askForLaunch(bus: Bus, request: LaunchRequest): Promise<Spawned> {
  const data = await bus.request(serveLaunchSubject, request, { timeoutMs: answerWithinMs });
  const { spawned, error } = decodeMessage(AnswerSchema, data);
  if (error === undefined) return checkMessage(SpawnedSchema, spawned) as Spawned;
  const code: ErrorCode = isErrorCode(error.code) ? error.code : "failed";
  throw new CliaiError(code, error.message, error.hint === undefined ? {} : { hint: error.hint });
}
