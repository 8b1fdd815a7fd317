import { expect, test } from "bun:test";
import { isRenewalDue } from "../../../src/domain/nodes/renewal.ts";

test("isRenewalDue() holds from half of the time on, also after the end, and never for what does not end", () => {
  const due = (nowMs: number, expiresAtMs: number | undefined = 3_000) =>
    isRenewalDue({ issuedAtMs: 1_000, expiresAtMs }, new Date(nowMs));
  expect([due(1_999), due(2_000), due(9_000)]).toEqual([false, true, true]);
  expect(isRenewalDue({ issuedAtMs: 1_000, expiresAtMs: undefined }, new Date(9_000))).toBe(false);
});
