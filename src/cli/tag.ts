// `cliai tag AGENT +name -name`: gives an agent tags, and takes tags away. By its tags an agent is found: `--filter tag:name`.
import * as v from "valibot";
import { TagSchema } from "../domain/fleet/shown/tags.ts";
import { CliaiError } from "../domain/text/errors.ts";
import { parseAgentId } from "../domain/wire/agent-id.ts";
import { askForTags } from "../server/fleet/tag-desk.ts";
import { clientArgs, withClient } from "./fleet/client.ts";
import { createFleetReader, viewOf } from "./fleet/fleet-reading.ts";
import { defineCliCommand } from "./frame/command.ts";

export const tagCommand = defineCliCommand({
  name: "tag",
  example: "cliai tag ada +api -night",
  description: "give an agent tags (+name) and take tags away (-name); without any, print its tags",
  args: {
    agent: { type: "positional", required: true, description: "id of the agent" },
    tags: { type: "positional", required: false, description: "+name to add a tag, -name to take it away" },
    ...clientArgs,
  },
  takesMore: true,
  takesMinus: true,
  run: (args, context, more) => {
    const changes = readTags([...(args.tags === undefined ? [] : [args.tags]), ...more]);
    return withClient(args, context, async (bus) => {
      const { agent_id, tags } =
        changes.add.length + changes.remove.length === 0
          ? viewOf(await createFleetReader(bus, context).require(args.agent))
          : await askForTags(bus, { agent_id: parseAgentId(args.agent), ...changes });
      if (context.json) context.print(JSON.stringify({ agent_id, tags }));
      else if (tags.length === 0) context.note(`${agent_id} has no tags`);
      else for (const tag of tags) context.print(tag);
      return 0;
    });
  },
});

interface ReadTags {
  readonly add: string[];
  readonly remove: string[];
}

/** A name without a sign is added. @throws CliaiError `usage` */
export function readTags(words: readonly string[]): ReadTags {
  const read: ReadTags = { add: [], remove: [] };
  for (const word of words) {
    const tag = word.replace(/^[+-]/, "");
    const checked = v.safeParse(TagSchema, tag);
    if (!checked.success) {
      throw new CliaiError("usage", `"${word}" is not a tag: ${checked.issues[0].message}`, {
        hint: "cliai tag AGENT +name -name",
      });
    }
    (word.startsWith("-") ? read.remove : read.add).push(tag);
  }
  return read;
}
