import { expect, test } from "bun:test";
import { testNotice } from "../../../src/domain/notices/fleet-notices.ts";
import { payloadOf } from "../../../src/notify/push/send-push.ts";

const notice = testNotice("1", new Date());
const bytesOf = (payload: object) => new TextEncoder().encode(JSON.stringify(payload)).length;

test("payloadOf() cuts a long text to what can be encrypted", () => {
  const payload = payloadOf([{ ...notice, text: "ü".repeat(5_000) }], "id");
  expect(payload.text).toMatch(/^ü+…$/);
  expect(bytesOf(payload)).toBeWithin(3_000, 3_901);
});

test("payloadOf() comes to an end when there is no place for any text", () => {
  const title = "x".repeat(4_000);
  expect(payloadOf([{ ...notice, title, text: "text" }], "id")).toMatchObject({ title, text: "" });
});
