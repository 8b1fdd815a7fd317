// `cliai watch`: prints the events of the stream AUDIT as they come, one line each, until Ctrl-C, or until nobody reads its
// output any more.
import { followAudit } from "../../audit/read-audit.ts";
import type { StreamMessage } from "../../nats/jetstream/follow.ts";
import { feedEntry, feedLine } from "../audit/feed-lines.ts";
import { defineCliCommand } from "../frame/command.ts";
import { clockText, cut } from "../frame/terminal.ts";
import { clientArgs, withClient } from "./client.ts";

export const watchCommand = defineCliCommand({
  name: "watch",
  description: "print each event of the fleet as it happens",
  args: clientArgs,
  run: (args, context) =>
    withClient(args, context, async (bus, parts) => {
      const { json, print, isTerminal, columns } = context;
      const show = (message: StreamMessage) => {
        const line = json ? JSON.stringify(feedEntry(message)) : feedLine(message, clockText(message.at));
        print(isTerminal && !json ? cut(line, columns) : line);
      };
      const following = followAudit(bus, {}, "new", context.log, show);
      parts.defer(() => following.stop());
      await following.caughtUp;
      context.note("watching; Ctrl-C ends it");
      return await new Promise<never>(() => undefined);
    }),
});
