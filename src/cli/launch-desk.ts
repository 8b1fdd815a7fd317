// Launches headless agents at a person's request: `spawn --detach` and `resume` send the request to serve, which launches the agent.
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
  answerWithinMs: 60_000,
  /** Longer than a launch may take, together with the end of an agent that did not start. */
  workWithinMs: 6 * 60_000,
};

/** Answers a request only when its launch is over. Meanwhile the desk tells the asker that it works. Returns the function that ends the desk. */
export function openLaunchDesk(bus: Bus, spawner: Pick<Spawner, "spawn">, log: Logger): () => void {
  return openOperatorDesk(bus, desk, (request) => spawner.spawn(request, Number.POSITIVE_INFINITY), log);
}

/**
 * Resolves when the agent is connected. If that takes long, says so with `note`.
 * @throws CliaiError as {@link askOperatorDesk}
 */
export async function askForLaunch(
  bus: Bus,
  request: LaunchRequest,
  note: (line: string) => void,
): Promise<Spawned> {
  const who = request.id ?? `an agent of the profile ${request.profile}`;
  return await askOperatorDesk(bus, desk, request, () =>
    note(`starting ${who}${request.again === true ? " again" : ""} takes a while; the server waits for it`),
  );
}
