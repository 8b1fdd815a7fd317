// What agents have reserved: the wire of `fleet.reservations`, and which paths a reservation covers. Pure.
import * as v from "valibot";
import { AgentIdSchema } from "../wire/agent-id.ts";
import { path, shortText } from "../wire/fields.ts";

/** What a host does before a tool changes a file that another agent has reserved. */
export const reservationModes = ["off", "warn", "enforce"] as const;
export type ReservationMode = (typeof reservationModes)[number];

/** The longest time of a reservation, in minutes. */
export const mostMinutes = 1_440;
/** The longest list of paths in one call. */
export const mostPaths = 20;

const time = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text))),
);

export const ReservationSchema = v.looseObject({
  agent_id: AgentIdSchema,
  /** The run that holds it, with whose end it ends; absent if the agent names no run. */
  instance_id: v.exactOptional(shortText("instance_id")),
  /** The machine on which the paths are; absent if the agent names none. */
  machine: v.exactOptional(shortText("machine")),
  /** Absolute. Each stands for itself and for all below it. */
  paths: v.array(path("a path")),
  why: shortText("why"),
  since: time,
  until: time,
});
export type Reservation = Readonly<v.InferOutput<typeof ReservationSchema>>;

/** What serve publishes on `fleet.reservations`: all that stand. */
export const ReservationsSchema = v.looseObject({ reservations: v.array(ReservationSchema) });

/** Whether the path is the reserved one or below it. */
export function covers(reserved: string, path: string): boolean {
  if (!path.startsWith(reserved)) return false;
  const next = path.charAt(reserved.length);
  // The root of a file system ends with its separator.
  return next === "" || isSeparator(next) || isSeparator(reserved.slice(-1));
}

/** Whether the two have a path in common. */
export function overlap(one: string, other: string): boolean {
  return covers(one, other) || covers(other, one);
}

function isSeparator(character: string): boolean {
  return character === "/" || character === "\\";
}

/** Whether two machines may be one. An agent that names none may be on any. */
export function maybeSameMachine(one: string | undefined, other: string | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}

/** `ada until 14:05 UTC ("the parser")` */
export function holderWords({ agent_id, until, why }: Reservation): string {
  return `${agent_id} until ${new Date(until).toISOString().slice(11, 16)} UTC ("${why}")`;
}

/** Why a tool did not run, in words on which its model can act. */
export function deniedWords(path: string, reservation: Reservation): string {
  const { agent_id } = reservation;
  return `${path} is reserved by ${holderWords(reservation)}, so this call has not run and has changed nothing. Work on something else, or ask ${agent_id} with send_message to release it; do not change the file in another way.`;
}
