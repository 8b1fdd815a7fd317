// Launches headless agents at a person's request: `spawn --detach` and `resume` send it to the serve that launches them.
import * as v from "valibot";
import { AgentIdSchema } from "../domain/wire/agent-id.ts";
import { serveLaunchSubject } from "../domain/wire/subjects.ts";
import type { Logger } from "../log.ts";
import type { Bus } from "../nats/bus.ts";
import { askOperatorDesk, openOperatorDesk } from "../server/operator-desk.ts";
import { type LaunchRequest, LaunchRequestSchema, type Spawned, type Spawner } from "../web/api/spawner.ts";

const desk = {
  subject: serveLaunchSubject,
  request: LaunchRequestSchema,
  result: v.object({ agent_id: AgentIdSchema, command_id: v.exactOptional(v.string()) }),
  /** Longer than a launch may take until the agent is connected. */
  answerWithinMs: 60_000,
};

/** Returns the function that ends it. */
export function openLaunchDesk(bus: Bus, spawner: Pick<Spawner, "spawn">, log: Logger): () => void {
  return openOperatorDesk(bus, desk, (request) => spawner.spawn(request), log);
}

/** Resolves when the agent is connected. @throws CliaiError as {@link askOperatorDesk} */
export async function askForLaunch(bus: Bus, request: LaunchRequest): Promise<Spawned> {
  return await askOperatorDesk(bus, desk, request);
}
