// Reads a server-sent event stream as a client would, one event at a time.
import { patienceMs } from "../support/wait-for.ts";

export interface ReceivedEvent {
  readonly event: string;
  readonly id: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it as they expect it to be
  readonly data: any;
}

export interface EventReader extends AsyncDisposable {
  /** The next event, or the next of this name; fails if none comes within `patienceMs`. */
  next(name?: string): Promise<ReceivedEvent>;
}

export function readEvents(response: Response): EventReader {
  if (response.body === null) throw new Error("the response has no body");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const events: ReceivedEvent[] = [];
  let rest = "";

  const readOn = async () => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`no event within ${patienceMs} ms`)), patienceMs);
    const { value, done } = await Promise.race([reader.read(), late.promise]).finally(() =>
      clearTimeout(timer),
    );
    if (done) throw new Error("the stream has ended");
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event !== undefined) events.push(event);
    }
  };

  return {
    async next(name) {
      for (;;) {
        const event = events.shift();
        if (event === undefined) await readOn();
        else if (name === undefined || event.event === name) return event;
      }
    },
    [Symbol.asyncDispose]: () => reader.cancel(),
  };
}

/** Reads patches until each of the patterns has fitted a part; returns those parts by the names of the patterns. */
export async function partsUntil<Name extends string>(
  events: EventReader,
  wanted: Readonly<Record<Name, RegExp>>,
): Promise<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  const names = Object.keys(wanted) as Name[];
  while (names.some((name) => found[name] === undefined)) {
    const { data } = await events.next("patch");
    for (const part of data.html as string[])
      for (const name of names) if (wanted[name].test(part)) found[name] = part;
  }
  return found as Record<Name, string>;
}

function parseEvent(block: string): ReceivedEvent | undefined {
  const fields = new Map(
    block.split("\n").map((line) => {
      const at = line.indexOf(": ");
      return [line.slice(0, at), line.slice(at + 2)];
    }),
  );
  const event = fields.get("event");
  if (event === undefined) return undefined;
  return { event, id: fields.get("id"), data: JSON.parse(fields.get("data") ?? "null") };
}
