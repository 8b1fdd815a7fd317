import { describe, expect, test } from "bun:test";
import { createAccount, createOperator, createServer, createUser, fromPublic, fromSeed } from "@nats-io/jwt";
import { readKeyPair } from "../../../src/nats/accounts/key-pair.ts";

const input = new TextEncoder().encode("a challenge");
const kinds = { operator: createOperator, account: createAccount, user: createUser };

describe("readKeyPair()", () => {
  test.each(Object.entries(kinds))(
    "has the same keys and signatures as the package, for the seed of an %s",
    (_, create) => {
      for (let n = 0; n < 20; n += 1) {
        const seed = create().getSeed();
        const ours = readKeyPair(seed);
        const theirs = fromSeed(seed);
        expect(ours.getPublicKey()).toBe(theirs.getPublicKey());
        expect(ours.getPrivateKey()).toEqual(theirs.getPrivateKey());
        expect(ours.getSeed()).toEqual(theirs.getSeed());
        expect(ours.sign(input)).toEqual(theirs.sign(input));
      }
    },
  );

  test("verifies a signature of its own key, and no other", () => {
    const ours = readKeyPair(createUser().getSeed());
    expect(ours.verify(input, ours.sign(input))).toBe(true);
    expect(fromPublic(ours.getPublicKey()).verify(input, ours.sign(input))).toBe(true);
    expect(ours.verify(input, createUser().sign(input))).toBe(false);
  });

  const seed = new TextDecoder().decode(createUser().getSeed());
  const swapped = seed.at(-2) === "A" ? "B" : "A";
  test.each([
    ["an empty text", ""],
    ["a public key", createUser().getPublicKey()],
    ["a seed that is cut off", seed.slice(0, -4)],
    ["a seed with another letter before its last", seed.slice(0, -2) + swapped + seed.at(-1)],
    ["a seed in small letters", seed.toLowerCase()],
    ["a server's seed", new TextDecoder().decode(createServer().getSeed())],
  ])("refuses %s, without its text", (_, text) => {
    const error = (() => {
      try {
        return void readKeyPair(new TextEncoder().encode(text));
      } catch (reason) {
        return String(reason);
      }
    })();
    expect(error).toContain("not the seed of");
    if (text !== "") expect(error).not.toContain(text);
  });
});
