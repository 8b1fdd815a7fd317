// What `ls` and `show` do if no serve answers: they show the last known state, and say how old it is.
import { readFleetFile } from "../../data-dir/fleet-file.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { spanText } from "../../domain/text/moment.ts";
import type { CliContext } from "../frame/context.ts";
import { clockText } from "../frame/terminal.ts";
import { type ClientArgs, dataDirFor, withClient } from "./client.ts";
import {
  createFleetReader,
  type FleetReader,
  type FleetReading,
  readerOfLastKnown,
} from "./fleet-reading.ts";

/**
 * Reads the fleet and shows it. If the server cannot be reached, it shows the last known state, and then still throws the error, so
 * that a script sees exit code 3.
 * @throws CliaiError as `read` and {@link withClient} do
 */
export async function showFleet<Reading extends FleetReading>(
  args: ClientArgs,
  context: CliContext,
  read: (fleet: FleetReader) => Promise<Reading>,
  show: (reading: Reading) => void,
): Promise<number> {
  const readLast = async () =>
    args.url === undefined ? await readFleetFile(dataDirFor(args, context)) : undefined;
  let reading: Reading;
  try {
    reading = await withClient(args, context, (bus) => read(createFleetReader(bus, context)));
  } catch (error) {
    const known = isUnreachable(error) ? await readLast() : undefined;
    if (known === undefined) throw error;
    show(await read(readerOfLastKnown(known)));
    const { message, code, hint } = error as CliaiError;
    throw new CliaiError(code, `${message}; what is shown is as of ${whenText(known.asOf, context.now())}`, {
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    });
  }
  const known = reading.listeningSince === undefined ? await readLast() : undefined;
  if (known !== undefined) context.note(`serve was last there at ${whenText(known.asOf, context.now())}`);
  show(reading);
  return 0;
}

function isUnreachable(error: unknown): boolean {
  const isKnown = error instanceof CliaiError;
  return isKnown && (error.code === "server_unreachable" || error.code === "nats_unreachable");
}

function whenText(asOf: Date, now: Date): string {
  return `${momentText(asOf)}, ${spanText((now.getTime() - asOf.getTime()) / 1000)} ago`;
}

/** `2026-11-28 14:03:22`, by the local clock. */
export function momentText(at: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${day} ${clockText(at.toISOString()).slice(0, 8)}`;
}
