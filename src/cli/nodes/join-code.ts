// `cliai join-code`: prints the line that has another machine join this fleet.

import { CliaiError } from "../../domain/text/errors.ts";
import { parseDurationMs } from "../../domain/text/moment.ts";
import { loopback } from "../../domain/wire/own-address.ts";
import { askOperatorDesk } from "../../server/operator-desk.ts";
import { clientArgs, withClient } from "../fleet/client.ts";
import { defineCliCommand } from "../frame/command.ts";
import { codeDesk, type MadeCode, withdrawDesk } from "./join-desks.ts";

const day = 24 * 60 * 60 * 1_000;

export const joinCodeCommand = defineCliCommand({
  name: "join-code",
  example: "cliai join-code --for 30m",
  description: "print the line with which another machine joins this fleet; it counts once",
  args: {
    for: {
      type: "string",
      valueHint: "TIME",
      description: "end the code after this time, such as 30m or 2h, a day at most (default 10m)",
    },
    spawn: {
      type: "boolean",
      description: "let agents be launched there from here: cliai spawn … --on NODE",
    },
    withdraw: { type: "boolean", description: "make none, but end all codes that nobody has used" },
    ...clientArgs,
  },
  async run(args, context) {
    if (args.withdraw === true) {
      const { withdrawn } = await withClient(args, context, (bus) => askOperatorDesk(bus, withdrawDesk, {}));
      if (context.json) context.print(JSON.stringify({ withdrawn }));
      else
        context.note(
          withdrawn === 0 ? "there was no unused join code" : `unused join codes ended: ${withdrawn}`,
        );
      return 0;
    }
    const lasts_ms = readLasting(args.for);
    const made = await withClient(args, context, (bus) =>
      askOperatorDesk(bus, codeDesk, { lasts_ms, may_launch: args.spawn === true }),
    );
    const { code, ends_at, url } = made;
    const line = `cliai join ${url} ${code}`;
    if (context.json) context.print(JSON.stringify({ code, url, ends_at, line }));
    else {
      context.print(line);
      context.note(`run this line on the other machine before ${ends_at}; it counts once`);
      context.note(
        `if others use that machine, write - for the code, and paste it then: cliai join ${url} -`,
      );
      if (made.is_local) context.note(forwardingWords(made));
    }
    return 0;
  },
});

/** @throws CliaiError `usage` */
function readLasting(text = "10m"): number {
  const lastsMs = parseDurationMs(text) ?? 0;
  if (lastsMs > 0 && lastsMs <= day) return lastsMs;
  throw new CliaiError("usage", `--for "${text}" is not a time that a join code can last`, {
    hint: "write it as --for 10m or --for 2h; a day at most",
  });
}

function forwardingWords({ url }: MadeCode): string {
  const { port } = new URL(url);
  return `the NATS of this server listens on this machine only; on the other machine, keep this running: ssh -N -L ${port}:${loopback}:${port} HERE (or start the server with --host, --tls-cert and --tls-key)`;
}
