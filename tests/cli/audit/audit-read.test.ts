// What an export leaves behind that did not come to its end.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readCommand } from "../../../src/cli/audit/audit-read.ts";
import { streams } from "../../../src/domain/wire/subjects.ts";
import { readStreamFacts } from "../../../src/nats/jetstream/read-stream.ts";
import { ensureStreams } from "../../../src/nats/jetstream/streams.ts";
import { testContext } from "../../support/cli-context.ts";
import { startTestNats } from "../../support/nats.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

describe("readCommand", () => {
  test("an export that is interrupted leaves no half file, and one that is not is whole", async () => {
    await using nats = await startTestNats();
    await using dir = await tempDir();
    const bus = await nats.bus();
    await ensureStreams(bus, { replicas: 1 });
    const count = 2_000;
    for (let i = 0; i < count; i += 1)
      bus.publish("agent.ada.event", { kind: "prompt", detail: "x".repeat(10_000) });
    const isStored = async () => (await readStreamFacts(bus, streams.audit)).last_seq === count;
    await waitFor(isStored, { what: "all are stored" });

    const path = dir.join("half.jsonl");
    const args = (file: string) => ["--export", file, "--url", nats.url];
    const interrupting = new AbortController();
    const exporting = readCommand.run(args(path), testContext({ outputEnded: interrupting.signal }));
    exporting.catch(() => undefined);
    await waitFor(() => existsSync(path), { what: "the export has begun" });
    interrupting.abort(new Error("nobody reads any more"));
    await expect(exporting).rejects.toThrow("nobody reads any more");
    expect(existsSync(path)).toBe(false);

    const context = testContext();
    expect(await readCommand.run(args(dir.join("whole.jsonl")), context)).toBe(0);
    expect(context.printed).toEqual([`${count} records in ${dir.join("whole.jsonl")}`]);
  });
});
