import { expect, test } from "bun:test";
import { markRemoved } from "../../../src/cli/search/open-search.ts";
import { agentSubject, buckets } from "../../../src/domain/wire/subjects.ts";
import { openBucket } from "../../../src/nats/jetstream/bucket.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import type { SearchHit } from "../../../src/search/search.ts";
import { noteRemoval } from "../../../src/server/removed-agents.ts";
import { ada } from "../../support/agents.ts";
import { startTestNats } from "../../support/nats.ts";

test("markRemoved() marks what is found in the transcript of a removed agent, and not what another of its name has said", async () => {
  await using nats = await startTestNats();
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  for (const name of [buckets.serve, buckets.agents]) await openBucket(bus, name, { replicas: 1 });
  const store = async () => {
    const stored = await bus.publishStored(agentSubject(ada, "transcript"), {
      kind: "answer",
      entry_id: "a",
    });
    return stored.seq;
  };
  const old = await store();
  await noteRemoval(bus, ada, new Date());
  const own = await store();
  const hit = (stream: string, seq: number, agent_id = "ada"): SearchHit => ({
    ...{ stream, seq, agent_id, at: "2026-05-03T13:00:00.000Z", kind: "answer" },
    snippet: [],
  });
  const hits = [
    hit("TRANSCRIPTS", own),
    hit("TRANSCRIPTS", old),
    hit("TRANSCRIPTS", old, "bob"),
    hit("AUDIT", 1),
  ];
  const search = markRemoved(
    {
      search: async () => ({
        hits,
        more: 0,
        more_at_least: false,
        searched_since: null,
        older_are: null,
        waiting: 0,
      }),
      forget: async () => 0,
      stop: async () => undefined,
    },
    bus,
  );
  const found = await search.search({ text: "x" });
  expect(found.hits.map(({ of_removed }) => of_removed)).toEqual([undefined, true, undefined, undefined]);
});
