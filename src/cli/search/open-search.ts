// Opens the search of `cliai serve`: for the pages and the API, and for the commands over NATS.
import { searchMaxBytesOf } from "../../config.ts";
import type { Bus } from "../../nats/bus.ts";
import { selfCommand } from "../../runtime.ts";
import { noSearch, openSearchDesk } from "../../search/open-search-desk.ts";
import type { SearchDesk } from "../../search/search.ts";
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
  const search = deskOf(options);
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
