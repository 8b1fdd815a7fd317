import { expect, test } from "bun:test";
import fc from "fast-check";
import * as v from "valibot";
import { NoticeSchema, noticeId } from "../../../src/domain/notices/notice.ts";

test("noticeId() makes one token of a subject of any words", () => {
  expect(noticeId("ada", "stuck", "2026-01-01T01:00:00.000Z")).toBe("ada_stuck_2026-01-01T01-00-00-000Z");
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 2 }), (parts) => {
      expect(v.safeParse(NoticeSchema.entries.notice_id, noticeId(...parts)).success).toBe(true);
    }),
  );
});
