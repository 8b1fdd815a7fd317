import { expect, test } from "bun:test";
import { startCheckpoints } from "../../src/audit/checkpoints.ts";
import { createSigningKey } from "../../src/audit/signing.ts";
import { silentLogger } from "../../src/log.ts";
import { defaultAuditRetention } from "../../src/nats/jetstream/streams.ts";
import { startTestServer } from "../support/test-server.ts";
import { waitFor } from "../support/wait-for.ts";
import { now, signed, storeStatuses } from "./audit-fixture.ts";

test("a head file that cannot be read is told once while it lasts, and the audit is signed when it can be read", async () => {
  await using run = await startTestServer();
  let problem: Error | undefined = new Error("EACCES: permission denied, open 'audit-head.json'");
  let reads = 0;
  const warnings: string[] = [];
  const checkpoints = startCheckpoints(run.bus, {
    key: createSigningKey(),
    headFile: {
      read: () => {
        reads += 1;
        return problem === undefined ? Promise.resolve(undefined) : Promise.reject(problem);
      },
      write: () => Promise.resolve(),
    },
    retention: defaultAuditRetention,
    isLeader: () => true,
    now,
    log: { ...silentLogger, warn: (text) => warnings.push(text) },
  });
  try {
    await storeStatuses(run.bus, 1, 3);
    await waitFor(() => reads > 3, { what: "several tries" });
    expect(warnings).toEqual([
      "the audit is not signed now: EACCES: permission denied, open 'audit-head.json'; it will be tried again",
    ]);
    problem = undefined;
    expect((await signed(run.bus)).ok).toBe(true);
    expect(warnings).toHaveLength(1);
  } finally {
    await checkpoints.stop();
  }
});
