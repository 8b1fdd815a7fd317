import { describe, expect, test } from "bun:test";
import { createServerAbsence, withoutLog } from "../../../src/cli/wait/server-absence.ts";
import { createLogger, silentLogger } from "../../../src/log.ts";
import { testContext } from "../../support/cli-context.ts";

describe("createServerAbsence()", () => {
  test("says each absence once, and its end", () => {
    const lines: string[] = [];
    const absence = createServerAbsence((line) => lines.push(line));
    absence.end();
    expect([lines, absence.isOn()]).toEqual([[], false]);
    absence.begin();
    absence.begin();
    expect(absence.isOn()).toBe(true);
    absence.end();
    absence.end();
    expect(absence.isOn()).toBe(false);
    absence.begin();
    const away = "the server is away; waiting until it is back (start it: cliai serve)";
    expect(lines).toEqual([away, "the server is back after 0 s", away]);
  });
});

describe("withoutLog()", () => {
  test("leaves the log to whoever has asked for it", () => {
    const log = createLogger(
      "debug",
      () => undefined,
      () => new Date(),
    );
    expect(withoutLog(testContext({ log })).log).toBe(silentLogger);
    expect(withoutLog(testContext({ log, env: { CLIAI_LOG: "debug" } })).log).toBe(log);
  });
});
