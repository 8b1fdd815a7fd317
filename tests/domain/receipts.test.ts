import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { addReceipt, type CommandRecord, endsWait, isFinal, isTaken } from "../../src/domain/receipts.ts";
import { receiptStates } from "../../src/domain/wire/messages.ts";

const command: CommandRecord = {
  command_id: "c1",
  type: "task",
  from: "me",
  summary: "",
  stream_seq: 1,
  issued_at: "2026-01-01T00:00:00.000Z",
  receipts: [],
};
const at = "2026-01-01T00:00:01.000Z";
const states = (record: CommandRecord) => record.receipts.map(({ state }) => state);

describe("the life of a command", () => {
  test("a receipt that comes late takes its place in the order", () => {
    const record = addReceipt(addReceipt(command, { state: "seen", at }), { state: "delivered", at });
    expect(states(record)).toEqual(["delivered", "seen"]);
  });

  test("what its run hands over again may be in another session; once it was seen, a doubled receipt says nothing of that", () => {
    const injected = { state: "injected", run: "r1", at } as const;
    const taken = addReceipt(command, injected);
    const inSession = { ...taken, taken_by: { run: "r1", session_id: "s1" } };
    expect(addReceipt(inSession, injected).taken_by).toEqual({ run: "r1" });
    expect(states(addReceipt(inSession, injected))).toEqual(["injected"]);
    const seen = addReceipt(inSession, { state: "seen", run: "r1", at });
    expect(addReceipt(seen, injected)).toEqual(seen);
  });

  test("the first final state stays, whatever follows", () => {
    const applied = addReceipt(command, { state: "applied", at });
    expect(addReceipt(applied, { state: "failed", at })).toBe(applied);
  });

  test("doubled and reordered receipts give one record, in order, with at most one final state", () => {
    const someReceipts = fc.array(fc.constantFrom(...receiptStates), { maxLength: 20 });
    fc.assert(
      fc.property(someReceipts, (received) => {
        const record = received.reduce((known, state) => addReceipt(known, { state, at }), command);
        const found = states(record);
        expect(new Set(found).size).toBe(found.length);
        expect(found.filter(isFinal).length).toBe(received.some(isFinal) ? 1 : 0);
        const order = found.map((state) =>
          Math.min(receiptStates.indexOf(state), receiptStates.indexOf("applied")),
        );
        expect(order).toEqual(order.toSorted((a, b) => a - b));
        const again = received.reduce((known, state) => addReceipt(known, { state, at }), record);
        expect(again).toBe(record);
      }),
    );
  });

  test("a wait ends at its state, at a later one, and at any end", () => {
    expect(endsWait("stored", "delivered")).toBe(false);
    expect(endsWait("delivered", "delivered")).toBe(true);
    expect(endsWait("injected", "seen")).toBe(false);
    expect(endsWait("refused", "seen")).toBe(true);
    expect(endsWait("expired", "stored")).toBe(true);
  });

  test("a command is taken when the CLI was handed it, not when the bridge has it", () => {
    expect(isTaken(addReceipt(command, { state: "delivered", at }))).toBe(false);
    expect(isTaken(addReceipt(command, { state: "injected", at }))).toBe(true);
  });
});
