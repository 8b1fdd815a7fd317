import { describe, expect, test } from "bun:test";
import { stripVTControlCharacters } from "node:util";
import { encode } from "uqr";
import { pairingWords } from "../../../../src/cli/serve/phone/pairing-words.ts";

const url = `https://192.168.1.5:3443/pair?code=${"x".repeat(77)}`;
const wide = { isTerminal: true, columns: 80, color: true };
const phone = { url: "https://192.168.1.5:3443", fingerprint: "AB:CD" };

/** The modules of the code as they are printed, true for dark. */
function readCode(text: string, dark: "printed" | "blank"): boolean[][] {
  const lines = text
    .split("\n")
    .map(stripVTControlCharacters)
    .filter((line) => /^[█▀▄ ]+$/.test(line));
  return lines.flatMap((line) => {
    const rows = ["█▀", "█▄"].map((marks) =>
      [...line].map((cell) => marks.includes(cell) === (dark === "printed")),
    );
    return rows;
  });
}

describe("pairingWords()", () => {
  test("shows the code of the address, black on white, small enough for 80 columns and 24 lines", () => {
    const text = pairingWords(url, { phone }, wide);
    const { data, size } = encode(url, { ecc: "L", border: 2 });
    expect(readCode(text, "printed").slice(0, size)).toEqual(data);
    expect(text).toContain("\u001b[30;107m");
    const lines = text.split("\n");
    expect(lines.filter((line) => line.includes("\u001b[")).length).toBeLessThanOrEqual(23);
    expect(lines).toContain(url);
    expect(lines.at(-1)).toBe("AB:CD");
  });

  test("without colours draws what is white, as on a dark terminal", () => {
    const text = pairingWords(url, { phone }, { ...wide, color: false });
    expect(text).not.toContain("\u001b");
    const { data, size } = encode(url, { ecc: "L", border: 2 });
    expect(readCode(text, "blank").slice(0, size)).toEqual(data);
  });

  test.each([
    ["no terminal", { ...wide, isTerminal: false }],
    ["a terminal that is too narrow", { ...wide, columns: 40 }],
  ])("for %s has the address alone", (_, context) => {
    const text = pairingWords(url, { phone: { url: phone.url } }, context);
    expect(text).toBe(
      `a phone in the same network signs in by this address, once, within ten minutes:\n${url}`,
    );
  });
});
