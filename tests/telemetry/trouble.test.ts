import { describe, expect, test } from "bun:test";
import { createTrouble } from "../../src/telemetry/trouble.ts";

describe("createTrouble()", () => {
  test("says each reason once, also if reasons alternate, until everything is sent again", () => {
    const said: string[] = [];
    const say = (text: string) => said.push(text.replace(/; .*/, ""));
    const { tried } = createTrouble({ info: say, warn: say });
    for (const reason of ["a", "b", "a", "b"]) tried("traces", reason);
    tried("logs", "a");
    tried("traces", undefined);
    tried("traces", "b");
    tried("traces", undefined);
    expect(said).toEqual(["OTLP: traces are not sent: a", "OTLP: traces are not sent: b"]);
    said.length = 0;
    tried("logs", undefined);
    tried("logs", undefined);
    tried("logs", "a");
    expect(said).toEqual(["OTLP: everything is sent again", "OTLP: logs are not sent: a"]);
  });
});
