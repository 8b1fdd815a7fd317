// The search on NATS: `cliai search` and `cliai agents remove --purge` ask serve. No agent's account reaches the subject.
import * as v from "valibot";
import type { AgentId } from "../../domain/wire/agent-id.ts";
import { serveSearchSubject } from "../../domain/wire/subjects.ts";
import type { Logger } from "../../log.ts";
import type { Bus } from "../../nats/bus.ts";
import {
  type SearchAnswer,
  SearchAnswerSchema,
  type SearchAsk,
  SearchAskSchema,
  type SearchDesk,
} from "../../search/search.ts";
import { askOperatorDesk, openOperatorDesk } from "../../server/operator-desk.ts";

const RequestSchema = v.variant("act", [
  v.object({ act: v.literal("search"), ask: SearchAskSchema }),
  v.object({ act: v.literal("forget"), agent_id: v.string() }),
]);
const ForgottenSchema = v.object({ forgotten: v.number() });

const desk = {
  subject: serveSearchSubject,
  request: RequestSchema,
  answerWithinMs: 20_000,
  /** Longer than the index may take; see src/search/open-search-desk.ts. */
  workWithinMs: 130_000,
};
const searchDesk = { ...desk, result: SearchAnswerSchema };
const forgetDesk = { ...desk, result: ForgottenSchema };

/** Returns the function that ends it. */
export function openSearchRequests(bus: Bus, search: SearchDesk, log: Logger): () => void {
  return openOperatorDesk<v.InferOutput<typeof RequestSchema>, unknown>(
    bus,
    { ...desk, result: v.unknown() },
    async (request) =>
      request.act === "search"
        ? await search.search(request.ask)
        : { forgotten: await search.forget(request.agent_id) },
    log,
  );
}

/** @throws CliaiError as `SearchDesk.search`, and as {@link askOperatorDesk} */
export async function askSearch(bus: Bus, ask: SearchAsk, onSlow: () => void): Promise<SearchAnswer> {
  return (await askOperatorDesk(bus, searchDesk, { act: "search", ask }, onSlow)) as SearchAnswer;
}

/** Drops an agent's records from the index. Resolves with how many. @throws CliaiError as {@link askOperatorDesk} */
export async function askToForget(bus: Bus, agent_id: AgentId): Promise<number> {
  return (await askOperatorDesk(bus, forgetDesk, { act: "forget", agent_id })).forgotten;
}
