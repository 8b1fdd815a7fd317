// Says on stderr, once each time, that the server is away while a command waits, and that it is back.
import { spanText } from "../../domain/text/moment.ts";
import { silentLogger } from "../../log.ts";
import type { CliContext } from "../frame/context.ts";

export interface ServerAbsence {
  begin(): void;
  end(): void;
  isOn(): boolean;
}

export function createServerAbsence(note: (line: string) => void): ServerAbsence {
  let sinceMs: number | undefined;
  return {
    begin() {
      if (sinceMs === undefined) note("the server is away; waiting until it is back (start it: cliai serve)");
      sinceMs ??= performance.now();
    },
    end() {
      if (sinceMs !== undefined)
        note(`the server is back after ${spanText((performance.now() - sinceMs) / 1000)}`);
      sinceMs = undefined;
    },
    isOn: () => sinceMs !== undefined,
  };
}

/** The context for the connection of a command that prints these lines. The log of a connection says the same, so it is printed only on request. */
export function withoutLog(context: CliContext): CliContext {
  return context.env.CLIAI_LOG ? context : { ...context, log: silentLogger };
}
