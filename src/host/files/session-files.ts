// Tells of each tool call which files it changes, and denies those that change a file which another agent has reserved, if the profile says so.
import { hostname } from "node:os";
import type { Link } from "../../agent-link/link.ts";
import {
  covers,
  deniedWords,
  maybeSameMachine,
  type Reservation,
  type ReservationMode,
  ReservationsSchema,
} from "../../domain/files/reservation.ts";
import type { Hook, HookAnswer, HookTool } from "../../domain/hook.ts";
import { messageOf } from "../../domain/text/errors.ts";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { decodeMessage } from "../../domain/wire/decode.ts";
import { mostFiles, type TouchedFile } from "../../domain/wire/event-messages.ts";
import { reservationsSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import { placeOf } from "./file-place.ts";
import { createRealPaths } from "./real-paths.ts";

/** A longer path is left out. With the directory before it, it still fits into the event. */
const longestPath = 2_048;

export interface SessionFiles {
  /** For the event of a tool that has ended: the files that it has changed; empty if none. */
  touched(hook: Hook): { readonly files?: readonly TouchedFile[] };
  /** The answer to a call that must not run; undefined if it may. */
  deny(hook: Hook): Extract<HookAnswer, { type: "deny" }> | undefined;
}

export interface SessionFilesOptions {
  readonly id: AgentId;
  readonly link: Pick<Link, "bus" | "onChange">;
  readonly mode: ReservationMode;
  /** The directory in which the agent works. */
  readonly cwd: string;
  readonly now: () => Date;
  readonly log: Logger;
}

export function createSessionFiles({ id, link, mode, cwd, now, log }: SessionFilesOptions): SessionFiles {
  /** What others have reserved on this machine. It is all that a hook asks, so that no hook waits for serve. */
  let reserved: readonly Reservation[] = [];
  const realPaths = createRealPaths();
  const take = (data: Uint8Array) => {
    const machine = hostname();
    reserved = decodeMessage(ReservationsSchema, data).reservations.filter(
      (each) => each.agent_id !== id && maybeSameMachine(each.machine, machine),
    );
    realPaths.find(reserved.flatMap(({ paths }) => paths));
  };
  const heard = new Set<Bus>();
  const listen = (bus: Bus | undefined) => {
    if (bus === undefined || heard.has(bus)) return;
    heard.add(bus);
    bus.subscribe(reservationsSubject, ({ data, subject }) => {
      try {
        take(data);
      } catch (error) {
        log.warn(`${subject}: ${messageOf(error)}`);
      }
    });
    void bus.closed.then(() => heard.delete(bus));
  };
  if (mode !== "off") {
    // Until the link closes its connection, which ends with the host.
    link.onChange(listen);
    listen(link.bus());
  }
  const placesOf = ({ files = [] }: HookTool): TouchedFile[] =>
    files
      .filter((path) => path.length <= longestPath)
      .slice(0, mostFiles)
      .map((path) => placeOf(path, cwd));
  /** The reservation of another agent that covers the path, if it still lasts. */
  const reservationOf = (path: string): Reservation | undefined =>
    reserved.find(
      ({ paths, until }) =>
        Date.parse(until) > now().getTime() && paths.some((each) => covers(realPaths.of(each), path)),
    );
  return {
    touched({ facts, tool }) {
      if (facts.kind !== "tool_end" || tool?.files === undefined || tool.files.length === 0) return {};
      const files = placesOf(tool).map((file) => {
        const holder = reserved.length === 0 ? undefined : reservationOf(file.path)?.agent_id;
        return holder === undefined ? file : { ...file, reserved_by: holder };
      });
      return { files };
    },
    deny({ tool }) {
      if (mode !== "enforce" || reserved.length === 0 || tool?.files === undefined) return undefined;
      for (const { path } of placesOf(tool)) {
        const reservation = reservationOf(path);
        if (reservation !== undefined) return { type: "deny", reason: deniedWords(path, reservation) };
      }
      return undefined;
    },
  };
}
