import { describe, expect, test } from "bun:test";
import type { ReadAnswer } from "../../src/host/asking.ts";
import { createPatientAsking } from "../../src/host/patient-asking.ts";

const approved: ReadAnswer = { approved: true, by: "ann", takes: [] };
const expired: ReadAnswer = { approved: false, by: "policy", takes: [] };

/** Answers with these in turn, and then never any more. */
function asking(...answers: (ReadAnswer | undefined)[]) {
  const callIds: (string | undefined)[] = [];
  let made = 0;
  return {
    callIds,
    createId: () => `call-${++made}`,
    ask: async (_name: string, _args: object, signal: AbortSignal | undefined, callId?: string) => {
      callIds.push(callId);
      if (answers.length > 0) return answers.shift();
      await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
      return undefined;
    },
  };
}

describe("createPatientAsking()", () => {
  test("asks once where silence refuses", async () => {
    const each = asking(expired, approved);
    const { ask } = createPatientAsking(each, "refuse", each.createId);
    expect(await ask("request_permission", {}, undefined)).toBe(expired);
    expect(each.callIds).toHaveLength(1);
  });

  test("asks anew where it holds, until somebody answers: yes, no or in words", async () => {
    const refused = { approved: false, by: "ann", takes: [] };
    for (const answer of [approved, refused, { answers: ["red"], takes: [] }]) {
      const each = asking(expired, { takes: [] }, answer);
      const { ask } = createPatientAsking(each, "hold", each.createId);
      expect(await ask("request_permission", {}, undefined)).toBe(answer);
      expect(each.callIds).toEqual(["call-1", "call-2", "call-3"]);
    }
  });

  test("asks as the same request while no server answers, so that it stands in the inbox once", async () => {
    const each = asking(undefined, approved);
    const { ask } = createPatientAsking(each, "hold", each.createId);
    expect(await ask("request_permission", {}, undefined)).toBe(approved);
    expect(each.callIds).toEqual(["call-1", "call-1"]);
  });

  test("ends when nobody waits for the answer any more, and when the host ends", async () => {
    const each = asking();
    const { ask } = createPatientAsking(each, "hold", each.createId);
    const given = new AbortController();
    const first = ask("request_permission", {}, given.signal);
    given.abort();
    expect(await first).toBeUndefined();

    const other = asking(undefined);
    const patient = createPatientAsking(other, "hold", other.createId);
    const second = patient.ask("request_permission", {}, undefined);
    patient.stop();
    expect(await second).toBeUndefined();
    expect(other.callIds).toHaveLength(1);
  });
});
