// The process with the index, by its lines: what it is asked, what it answers, and its end.
import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { buckets } from "../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../src/log.ts";
import { openBucket } from "../../src/nats/jetstream/bucket.ts";
import { ensureStreams } from "../../src/nats/jetstream/streams.ts";
import { noteForgotten } from "../../src/search/forgotten.ts";
import type { SearchAnswer } from "../../src/search/search.ts";
import { runSearchWorker } from "../../src/search/search-worker.ts";
import { searchSources } from "../../src/search/sources.ts";
import { ada } from "../support/agents.ts";
import { startTestNats } from "../support/nats.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

test("runSearchWorker() > answers, forgets, mends a damaged file, and ends with its input", async () => {
  await using nats = await startTestNats();
  await using dir = await tempDir();
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  await openBucket(bus, buckets.serve, { replicas: 1 });
  const say = (id: string, detail: string) =>
    bus.publishStored(`agent.${id}.event`, { kind: "said", detail }, { id: crypto.randomUUID() });
  await say("ada", "hello from ada");
  await say("bob", "hello from bob");
  await writeFile(dir.join("index.db"), "no database".repeat(1_000));

  const input = new PassThrough();
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  const options = { dir: dir.path, maxBytes: 10_000_000, input, print, log: silentLogger };
  const ended = runSearchWorker(bus, options);
  let id = 0;
  const ask = async (question: object) => {
    id += 1;
    const own = id;
    input.write(`${JSON.stringify({ ...question, id: own })}\n`);
    const answered = () => lines.map((line) => JSON.parse(line)).find((answer) => answer.id === own);
    return await waitFor(answered, { what: `an answer to ${JSON.stringify(question)}` });
  };
  const found = async (text: string) => {
    const { result } = await ask({ act: "find", ask: { text } });
    return (result as SearchAnswer).hits.map(({ agent_id }) => agent_id);
  };
  expect(await found("hello")).toEqual(["bob", "ada"]);
  expect(await ask({ act: "find", ask: { text: '"open' } })).toMatchObject({ error: { code: "usage" } });
  await noteForgotten(bus, ada, searchSources, new Date());
  expect(await ask({ act: "forget", agent_id: "ada" })).toMatchObject({ result: 1 });
  expect(await found("hello")).toEqual(["bob"]);
  input.write("no JSON\n");
  await waitFor(() => lines.some((line) => JSON.parse(line).id === undefined), { what: "the refusal" });
  expect(await found("hello")).toEqual(["bob"]);
  input.end();
  await ended;
});
