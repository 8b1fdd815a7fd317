import { describe, expect, test } from "bun:test";
import { buildJoinCode, joinCodePrefix, parseJoinCode } from "../../../src/domain/nodes/join-code.ts";
import { redact } from "../../../src/domain/text/redact.ts";

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
const code = buildJoinCode({ id: filled(4, 0xab), secret: filled(16, 0xff), pin: filled(16, 1) });

describe("parseJoinCode()", () => {
  test("reads what buildJoinCode() has made, also with white space around it", () => {
    expect(parseJoinCode(` ${code}\n`)).toEqual({
      id: "abababab",
      secret: "_____________________w",
      pin: "AQEBAQEBAQEBAQEBAQEBAQ",
    });
  });

  test("refuses one of which a part is missing, or that is something else", () => {
    const texts = [
      code.slice(0, -1),
      `${code}A`,
      code.slice(joinCodePrefix.length),
      "",
      `${code.slice(0, -1)}!`,
    ];
    expect(texts.map(parseJoinCode)).toEqual(texts.map(() => undefined));
  });
});

test("the secret of a code does not get into a log", () => {
  expect(redact(`joining with ${code}`)).not.toContain("____");
});
