import { expect, test } from "bun:test";
import { createReadPosition } from "../../../src/server/fleet/read-position.ts";
import { staysPending } from "../../support/wait-for.ts";

const because = "a promise that is resolved settles before the next timer";

test("createReadPosition() moves each stream forward by itself, and never back", () => {
  const position = createReadPosition({ audit_seq: 5, commands_seq: 7 });
  position.advance({ audit_seq: 9 });
  expect(position.cursor()).toEqual({ audit_seq: 9, commands_seq: 7 });
  position.advance({ audit_seq: 3, commands_seq: 8 });
  position.advance({ audit_seq: 10, commands_seq: 2 });
  expect(position.cursor()).toEqual({ audit_seq: 10, commands_seq: 8 });
});

test("createReadPosition().reached() resolves at once where it is, and else when it comes there", async () => {
  const position = createReadPosition({ audit_seq: 5, commands_seq: 0 });
  await position.reached(({ audit_seq }) => audit_seq >= 5).done;
  const { done } = position.reached(({ audit_seq }) => audit_seq >= 7);
  position.advance({ audit_seq: 6, commands_seq: 99 });
  await staysPending(done, { what: "not reached", because, forMs: 30 });
  position.advance({ audit_seq: 7 });
  await done;
});

test("createReadPosition().reached() asks no more once it is forgotten", () => {
  const position = createReadPosition({ audit_seq: 0, commands_seq: 0 });
  let asked = 0;
  const { forget } = position.reached(() => {
    asked += 1;
    return false;
  });
  forget();
  position.advance({ audit_seq: 1 });
  expect(asked).toBe(1);
});
