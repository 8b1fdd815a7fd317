// One verification of the audit at a time, and what becomes of one that takes long. The verification itself: tests/audit/verify.test.ts.
import { expect, test } from "bun:test";
import { createAuditVerifier } from "../../../src/server/reports/audit-verdict.ts";
import type { AuditVerdict } from "../../../src/server/server-readings.ts";

const verdict = (records: number): AuditVerdict => ({
  ...{ at: "2026-05-03T12:00:00Z", source: "stream AUDIT", ok: true, findings: 0, records, checkpoints: 1 },
  ...{ signed_to: records, unsigned: 0, filtered: false, keys: [], traces: [] },
});

function verifierOf(answerWithinMs: number) {
  const begun: PromiseWithResolvers<AuditVerdict>[] = [];
  let nowMs = 0;
  const ask = createAuditVerifier({
    verify() {
      const next = Promise.withResolvers<AuditVerdict>();
      begun.push(next);
      return next.promise;
    },
    answerWithinMs,
    monotonicMs: () => nowMs,
  });
  return { ask, begun, pass: (ms: number) => (nowMs += ms) };
}

test("createAuditVerifier() > who asks while one runs gets its verdict; the next one begins anew", async () => {
  const { ask, begun } = verifierOf(60_000);
  const both = [ask(), ask()];
  begun[0]?.resolve(verdict(1));
  expect((await Promise.all(both)).map((each) => each?.records)).toEqual([1, 1]);
  const later = ask();
  expect(begun).toHaveLength(2);
  begun[1]?.resolve(verdict(2));
  expect((await later)?.records).toBe(2);
});

test("createAuditVerifier() > a verdict is given again for ten times as long as it took, so that asking again and again costs little", async () => {
  const { ask, begun, pass } = verifierOf(60_000);
  const first = ask();
  pass(3_000);
  begun[0]?.resolve(verdict(1));
  await first;
  pass(29_000);
  expect((await ask())?.records).toBe(1);
  pass(2_000);
  const second = ask();
  expect(begun).toHaveLength(2);
  begun[1]?.resolve(verdict(2));
  expect((await second)?.records).toBe(2);
});

test("createAuditVerifier() > one that takes long goes on, and its verdict is for who asks next, unless that is much later", async () => {
  const { ask, begun, pass } = verifierOf(0);
  expect(await ask()).toBeUndefined();
  expect(await ask()).toBeUndefined();
  expect(begun).toHaveLength(1);
  begun[0]?.resolve(verdict(1));
  await begun[0]?.promise;
  pass(599_000);
  expect((await ask())?.records).toBe(1);

  expect(await ask()).toBeUndefined();
  begun[1]?.resolve(verdict(2));
  await begun[1]?.promise;
  pass(601_000);
  expect(await ask()).toBeUndefined();
  expect(begun).toHaveLength(3);
});

test("createAuditVerifier() > one that fails is told, and the next one begins anew", async () => {
  const { ask, begun } = verifierOf(60_000);
  const failing = ask();
  begun[0]?.reject(new Error("no NATS"));
  await expect(failing).rejects.toThrow("no NATS");
  const next = ask();
  begun[1]?.resolve(verdict(1));
  expect((await next)?.records).toBe(1);
});
