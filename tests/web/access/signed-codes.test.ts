import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isSameSecret } from "../../../src/same-secret.ts";
import { buildProof, checkProof } from "../../../src/web/access/signed-codes.ts";

const now = new Date("2026-05-03T12:00:00Z");
const after = (s: number) => new Date(now.getTime() + s * 1000);
const session = buildProof("token", "session", 60, now);

describe("checkProof()", () => {
  test("takes what buildProof() made, until it expires and not at that moment", () => {
    expect(checkProof("token", "session", session, now)?.expiresAt).toEqual(after(60));
    expect(checkProof("token", "session", session, after(59))).toBeDefined();
    expect(checkProof("token", "session", session, after(60))).toBeUndefined();
  });

  test("refuses a proof of another token, of another purpose and of another instance", () => {
    const login = buildProof("token", "login one", 60, now);
    expect(checkProof("token", "login one", login, now)).toBeDefined();
    expect(checkProof("other", "session", session, now)).toBeUndefined();
    expect(checkProof("token", "login one", session, now)).toBeUndefined();
    expect(checkProof("token", "session", login, now)).toBeUndefined();
    expect(checkProof("token", "login two", login, now)).toBeUndefined();
  });

  test("refuses it once any one character is another", () => {
    const altered = fc.record({
      at: fc.nat(session.length - 1),
      as: fc.constantFrom(..."abcXYZ019-_. \n"),
    });
    fc.assert(
      fc.property(altered, ({ at, as }) => {
        fc.pre(session[at] !== as);
        const other = session.slice(0, at) + as + session.slice(at + 1);
        // The last character of a code in base64 has bits that stand for nothing: it is compared as text all the same.
        return checkProof("token", "session", other, now) === undefined;
      }),
    );
  });

  test("takes any text for what it is: no proof", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        return checkProof("token", "session", text, now) === undefined;
      }),
    );
    for (const text of ["", "...", `${session} `, `${session}.${session}`, session.slice(0, -1)])
      expect(checkProof("token", "session", text, now)).toBeUndefined();
  });
});

test("buildProof(): no two are alike, since a code is used once", () => {
  const made = Array.from({ length: 100 }, () => buildProof("token", "session", 60, now));
  expect(new Set(made).size).toBe(100);
});

test("isSameSecret(): equal texts alone, whatever their lengths", () => {
  expect(isSameSecret("secret", "secret")).toBe(true);
  for (const given of ["", "secre", "secrets", "Secret", "secret\0"])
    expect(isSameSecret(given, "secret")).toBe(false);
});
