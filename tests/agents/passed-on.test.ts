import { describe, expect, test } from "bun:test";
import { passesOn } from "../../src/agents/passed-on.ts";

describe("passesOn()", () => {
  test("a flag is passed on alone, or with its value; its name as a value, or as the beginning of another, is not it", () => {
    const flags = ["--resume", "-r"];
    const passes = (...passedOn: string[]) => passesOn({ passedOn }, flags);
    expect([passes("--model", "m", "-r"), passes("--resume=x")]).toEqual([true, true]);
    expect([passes(), passes("--resumed"), passes("--model=--resume")]).toEqual([false, false, false]);
  });
});
