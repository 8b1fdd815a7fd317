import { expect, test } from "bun:test";
import type { CliaiError } from "../../../src/domain/text/errors.ts";
import { agentSubject, streams } from "../../../src/domain/wire/subjects.ts";
import { silentLogger } from "../../../src/log.ts";
import { connectBus } from "../../../src/nats/connect-bus.ts";
import { ensureStreams, type StreamOptions } from "../../../src/nats/jetstream/streams.ts";
import { ada } from "../../support/agents.ts";
import { startForeignNats } from "../../support/foreign-nats.ts";
import { startTestNats } from "../../support/nats.ts";

test("ensureStreams() has nats-server keep the ids of orders for a day, and none of what agents report; in streams of before too", async () => {
  await using nats = await startTestNats();
  const bus = await nats.bus();
  await ensureStreams(bus, { replicas: 1 });
  const { streams: api } = await bus.connection.jetstreamManager();
  const hour = 60 * 60 * 1e9;
  const windows = async () =>
    await Promise.all(
      [streams.commands, streams.audit, streams.transcripts].map(
        async (name) => ((await api.info(name)).config.duplicate_window ?? 0) / hour,
      ),
    );
  // Entries of transcripts have a window of their own.
  expect(await windows()).toEqual([24, 0, 1]);
  // As 0.1.0 made them.
  for (const [name, hours] of [[streams.commands, 7 * 24] as const, [streams.audit, 24] as const]) {
    await api.update(name, { ...(await api.info(name)).config, duplicate_window: hours * hour });
  }
  expect(await windows()).toEqual([7 * 24, 24, 1]);
  await ensureStreams(bus, { replicas: 1 });
  expect(await windows()).toEqual([24, 0, 1]);

  const report = () =>
    bus.publishStored(agentSubject(ada, "event"), { kind: "activity" }, { id: "x".repeat(60_000) });
  expect([await report(), await report()]).toEqual([
    { seq: 1, duplicate: false },
    { seq: 2, duplicate: false },
  ]);
});

test("ensureStreams() names the setting of a stream that an account of a server that others run has no room for", async () => {
  const refusal = async (limits: string, options: Partial<StreamOptions> = {}) => {
    await using nats = await startForeignNats(
      `accounts { FLEET { jetstream: { ${limits} }, users: [ { user: serve, password: x } ] } }\nno_auth_user: serve`,
    );
    const url = `nats://127.0.0.1:${nats.port}`;
    const bus = await connectBus({ url, name: "serve", waitForServer: true, log: silentLogger });
    try {
      await ensureStreams(bus, { replicas: 1, ...options });
      return "none";
    } catch (error) {
      const { code, hint } = error as CliaiError;
      return `${code}: ${hint}`;
    } finally {
      await bus.close();
    }
  };
  const less = (stream: string, size: string, flag: string) =>
    `store_unavailable: ${stream} reserves ${size} of the store: let it reserve less (cliai serve ${flag}), or give the store or the account more`;
  const noTranscripts = less("TRANSCRIPTS", "512 MB", "--transcript-max-bytes 128MB");
  expect(await refusal("max_file: 1200MB")).toBe(noTranscripts);
  const noAudit = less("AUDIT", "1024 MB", "--audit-max-bytes 256MB");
  expect(await refusal("max_file: 900MB")).toBe(noAudit);
  expect(await refusal("store_max_stream_bytes: 300MB")).toBe(noAudit);
  const least = { maxAgeMs: 3_600_000, maxBytes: 64 * 1024 * 1024 };
  expect(await refusal("max_file: 50MB", { auditRetention: least })).toBe(
    "store_unavailable: AUDIT reserves 64 MB of the store, which is the least: give the store or the account more",
  );
  expect(await refusal("max_bytes_required: true")).toContain(
    "let the account have streams without max_bytes",
  );
  const transcriptRetention = { maxAgeMs: 3_600_000, maxBytes: 64 * 1024 * 1024 };
  expect(await refusal("max_file: 1200MB", { transcriptRetention })).toBe("none");
});
