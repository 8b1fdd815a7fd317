// Tags agents at the operator's request on `serve.tags`. Only the leader answers, because only the leader writes the records in which the
// tags stand. No agent's account reaches the subject.
import * as v from "valibot";
import type { FleetEvent } from "../../domain/fleet/reduce-agent.ts";
import { changeTags, mostTags, TagSchema, tagsOf } from "../../domain/fleet/shown/tags.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { AgentIdSchema } from "../../domain/wire/agent-id.ts";
import { serveTagsSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import type { Lease } from "../lease.ts";
import { askOperatorDesk, openOperatorDesk } from "../operator-desk.ts";
import { type FleetState, unknownAgent } from "./fleet-state.ts";

const TagRequestSchema = v.object({
  agent_id: AgentIdSchema,
  add: v.array(TagSchema),
  remove: v.array(TagSchema),
});
export type TagRequest = v.InferOutput<typeof TagRequestSchema>;

const TaggedSchema = v.object({ agent_id: AgentIdSchema, tags: v.array(v.string()) });
export type Tagged = v.InferOutput<typeof TaggedSchema>;

const desk = {
  subject: serveTagsSubject,
  request: TagRequestSchema,
  result: TaggedSchema,
  answerWithinMs: 10_000,
};

export interface TagDeskOptions {
  readonly lease: Pick<Lease, "isLeader" | "onChange">;
  readonly fleet: Pick<FleetState, "record" | "records">;
  readonly onEvent: (event: FleetEvent) => void;
  /** Writes all changed records. */
  readonly flush: () => Promise<void>;
  readonly now: () => Date;
  readonly log: Logger;
}

/** Returns a function that ends it. */
export function openTagDesk(bus: Bus, options: TagDeskOptions): () => void {
  const { lease, log } = options;
  let close: (() => void) | undefined;
  const follow = (isLeader: boolean) => {
    close?.();
    close = isLeader ? openOperatorDesk(bus, desk, (request) => tag(request, options), log) : undefined;
  };
  follow(lease.isLeader());
  const unlisten = lease.onChange(follow);
  return () => {
    unlisten();
    close?.();
  };
}

async function tag(
  { agent_id, add, remove }: TagRequest,
  { fleet, onEvent, flush, now }: TagDeskOptions,
): Promise<Tagged> {
  const record = fleet.record(agent_id);
  if (record === undefined) {
    throw unknownAgent(
      agent_id,
      [...fleet.records()].map((each) => each.agent_id),
    );
  }
  const changes = changeTags(record.tag_changes, add, remove);
  const tags = tagsOf({ ...record, tag_changes: changes });
  if (tags.length > mostTags) {
    throw new CliaiError(
      "usage",
      `${agent_id} would have ${tags.length} tags, and at most ${mostTags} are kept`,
      {
        hint: `take some away: cliai tag ${agent_id} ${tags
          .slice(0, 1)
          .map((each) => `-${each}`)
          .join(" ")}`,
      },
    );
  }
  onEvent({ type: "tags", id: agent_id, at: now().toISOString(), changes });
  await flush();
  return { agent_id, tags: [...tags] };
}

/** @throws CliaiError `agent_unknown`; `usage` for too many tags; what {@link askOperatorDesk} throws */
export async function askForTags(bus: Bus, request: TagRequest): Promise<Tagged> {
  return await askOperatorDesk(bus, desk, request);
}
