// Lists what agents have reserved, and releases what one of them holds, at the operator's request on `serve.reservations`. Any serve answers. No
// agent's account reaches the subject.
import * as v from "valibot";
import { type Reservation, ReservationSchema } from "../../domain/files/reservation.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { AgentIdSchema } from "../../domain/wire/agent-id.ts";
import { shortText } from "../../domain/wire/fields.ts";
import { serveReservationsSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { FleetState } from "../fleet/fleet-state.ts";
import { askOperatorDesk, openOperatorDesk } from "../operator-desk.ts";
import { storeMessage } from "../tools/send-message.ts";
import type { ReservationDesk } from "./reservation-desk.ts";

const AskSchema = v.object({
  /** The agent whose reservations are released; without it, none are. */
  release: v.optional(AgentIdSchema),
  /** Who asks. */
  by: shortText("by"),
});
export type ReservationsAsk = v.InferOutput<typeof AskSchema>;

const desk = {
  subject: serveReservationsSubject,
  request: AskSchema,
  /** All that stand, the oldest first; of a request to release, those that were released. */
  result: v.array(ReservationSchema),
  answerWithinMs: 10_000,
};

export interface ReservationsByOperator {
  readonly bus: Bus;
  readonly reservations: Pick<ReservationDesk, "standing" | "releaseAll">;
  readonly fleet: FleetState;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Returns the function that ends it. */
export function openReservationsByOperator(context: ReservationsByOperator): () => void {
  const { bus, reservations, log } = context;
  return openOperatorDesk(
    bus,
    desk,
    async ({ release, by }) => {
      if (release === undefined) return [...reservations.standing()];
      const released = await reservations.releaseAll(release);
      if (released.length === 0) {
        throw new CliaiError("refused", `${release} has reserved nothing`, {
          hint: "see what is reserved: cliai reservations",
        });
      }
      await tell(context, release, released, by);
      return [...released];
    },
    log,
  );
}

/** The message is the record of it, too: who has released what. */
async function tell(
  context: ReservationsByOperator,
  to: Reservation["agent_id"],
  released: readonly Reservation[],
  by: string,
): Promise<void> {
  const message_id = crypto.randomUUID();
  const paths = released.flatMap((each) => each.paths).join(", ");
  const text = `What you had reserved is released: ${paths}. Others may change it now. If you still need it, ask before you reserve it again.`;
  const facts = { from: by, to, text, reply_to: undefined, thread: message_id, message_id };
  await storeMessage(context, { ...facts, by_operator: true });
}

/** @throws CliaiError `refused` for an agent that has reserved nothing; what {@link askOperatorDesk} throws */
export async function askForReservations(bus: Bus, ask: ReservationsAsk): Promise<Reservation[]> {
  return await askOperatorDesk(bus, desk, ask);
}
