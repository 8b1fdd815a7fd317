// Opens the search of `cliai serve`: for the pages and the API, and for the commands over NATS.

import { searchMaxBytesOf } from "../../config/serve-settings.ts";
import { isAgentId } from "../../domain/wire/agent-id.ts";
import { streams } from "../../domain/wire/subjects.ts";
import type { Bus } from "../../nats/bus.ts";
import { selfCommand } from "../../runtime.ts";
import { noSearch, openSearchDesk } from "../../search/open-search-desk.ts";
import type { SearchDesk, SearchHit } from "../../search/search.ts";
import { removedEntriesTo } from "../../server/removed-agents.ts";
import type { FleetService } from "../../server/server.ts";
import type { CliContext } from "../frame/context.ts";
import { openSearchRequests } from "./search-desk.ts";

export interface SearchStartOptions {
  readonly dataDir: string;
  readonly settings: Parameters<typeof searchMaxBytesOf>[0];
  readonly bus: Bus;
  readonly fleet: Pick<FleetService, "list">;
  readonly context: Pick<CliContext, "env" | "log">;
}

export function openSearch(options: SearchStartOptions, parts: AsyncDisposableStack): SearchDesk {
  const search = markRemoved(deskOf(options), options.bus);
  parts.defer(() => search.stop());
  parts.defer(openSearchRequests(options.bus, search, options.context.log));
  return search;
}

function deskOf({ dataDir, settings, fleet, context: { env, log } }: SearchStartOptions): SearchDesk {
  const maxBytes = searchMaxBytesOf(settings);
  if (maxBytes === 0) return noSearch;
  const { command, args } = selfCommand();
  return openSearchDesk({
    command,
    args: [...args, "search-index", "--data-dir", dataDir, "--max-bytes", String(maxBytes)],
    ...{ cwd: dataDir, env, log },
    agents: () => fleet.list(),
  });
}

/** Marks what is found in the transcripts of removed agents, because another agent may have the name. */
export function markRemoved(desk: SearchDesk, bus: Bus): SearchDesk {
  return {
    ...desk,
    async search(ask) {
      const answer = await desk.search(ask);
      const ids = new Set(
        answer.hits.flatMap(({ stream, agent_id }) =>
          stream === streams.transcripts && isAgentId(agent_id) ? [agent_id] : [],
        ),
      );
      const removed = new Map<string | undefined, number>();
      await Promise.all(
        ids.values().map(async (id) => {
          removed.set(id, await removedEntriesTo(bus, id));
        }),
      );
      const hits = answer.hits.map((hit): SearchHit => {
        const isOfRemoved = hit.stream === streams.transcripts && hit.seq <= (removed.get(hit.agent_id) ?? 0);
        return isOfRemoved ? { ...hit, of_removed: true } : hit;
      });
      return { ...answer, hits };
    },
  };
}
