// `cliai cancel COMMAND`: takes back a task or message that was not yet given to its agent.
import { askForCancel } from "../../server/inbox/cancel-desk.ts";
import { defineCliCommand } from "../frame/command.ts";
import { operatorOf } from "../frame/context.ts";
import { plain } from "../frame/terminal.ts";
import { clientArgs, withClient } from "./client.ts";

export const cancelCommand = defineCliCommand({
  name: "cancel",
  example: "cliai cancel 3f2a81bc (cliai show AGENT lists its orders with their ids)",
  description: "take back a task or message that still waits for its agent",
  args: {
    command: {
      type: "positional",
      required: true,
      description: "id of the order, or its first four characters or more",
    },
    ...clientArgs,
  },
  run: (args, context) =>
    withClient(args, context, async (bus) => {
      const cancelled = await askForCancel(bus, { command_id: args.command, from: operatorOf(context) });
      const { agent_id, command_id, type, summary, detail } = cancelled;
      if (context.json) context.print(JSON.stringify(cancelled));
      else context.print(`${agent_id}: ${type} ${command_id} "${plain(summary)}" is ${plain(detail)}`);
      return 0;
    }),
});
