// What `ls` and `show` do if no serve answers: they show the last known state, and say how old it is.
import { type LastKnownFleet, readFleetFile } from "../../data-dir/fleet-file.ts";
import { isServed } from "../../data-dir/serve-lock.ts";
import { definedOf } from "../../domain/defined.ts";
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
 * Reads the fleet and shows it. If no serve answers, it shows the last state that serve wrote to `fleet.json`, and then throws the error,
 * so that a script sees exit code 3. The bucket `agents` is older than that file, and nobody writes to it while no serve runs. So the bucket
 * is read only if there is no such file, for example on another machine.
 * @throws CliaiError as `read` and {@link withClient} do; `server_unreachable` if no serve answers
 */
export async function showFleet<Reading extends FleetReading>(
  args: ClientArgs,
  context: CliContext,
  read: (fleet: FleetReader) => Promise<Reading>,
  show: (reading: Reading) => void,
): Promise<number> {
  const dataDir = dataDirFor(args, context);
  const readLast = async () => (args.url === undefined ? await readFleetFile(dataDir) : undefined);
  const showLast = async (known: LastKnownFleet, error: CliaiError) => {
    show(await read(readerOfLastKnown(known)));
    const message = `${error.message}; what is shown is as of ${whenText(known.asOf, context.now())}`;
    return new CliaiError(error.code, message, { ...definedOf({ hint: error.hint }), cause: error });
  };
  const notes: string[] = [];
  const note = (line: string) => void notes.push(line);
  let reading: Reading;
  try {
    reading = await withClient(args, context, (bus) => read(createFleetReader(bus, { ...context, note })));
  } catch (error) {
    const known = isUnreachable(error) ? await readLast() : undefined;
    throw known === undefined ? error : await showLast(known, error as CliaiError);
  }
  const known = reading.listeningSince === undefined ? await readLast() : undefined;
  if (known !== undefined) throw await showLast(known, await noAnswer(dataDir));
  for (const line of notes) context.note(line);
  show(reading);
  return 0;
}

async function noAnswer(dataDir: string): Promise<CliaiError> {
  if (await isServed(dataDir)) {
    const message = `the server on ${dataDir} does not answer`;
    return new CliaiError("server_unreachable", message, { hint: "see what is wrong: cliai doctor" });
  }
  const message = `no server runs on ${dataDir}: it ended without a word`;
  return new CliaiError("server_unreachable", message, { hint: "start it: cliai serve" });
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
