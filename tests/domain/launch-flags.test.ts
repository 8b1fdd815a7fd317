// What of a launch is kept, and which flags an agent has when it is started again.
import { expect, test } from "bun:test";
import {
  belongsOnTerminal,
  flagsAgain,
  type LaunchedAs,
  withoutSecrets,
} from "../../src/domain/launch-flags.ts";

const launched: LaunchedAs = {
  ...{ profile: "demo", headless: true, role: "captain", model: "m1", strict_mcp: true },
  passed_on: ["--permission-mode", "plan"],
};

test("withoutSecrets() keeps a launch without secrets as it is", () => {
  expect(withoutSecrets(launched)).toEqual(launched);
});

test("withoutSecrets() leaves out all that is passed on if one of it may be a secret, and says so", () => {
  const { passed_on, ...others } = launched;
  expect(
    withoutSecrets({ ...launched, passed_on: ["--permission-mode", "plan", "--api-key", "abc"] }),
  ).toEqual({
    ...others,
    has_secret: true,
  });
});

test("withoutSecrets() keeps nothing of an empty rest", () => {
  expect(withoutSecrets({ ...launched, passed_on: [] })).not.toHaveProperty("passed_on");
});

test("flagsAgain() has the flags of the launch, and neither its profile nor its place", () => {
  const { profile: _, headless: __, ...flags } = launched;
  expect(flagsAgain({ ...launched, has_secret: true }, {})).toEqual(flags);
  expect(flagsAgain(undefined, { model: "m2" })).toEqual({ model: "m2" });
});

test("flagsAgain() lets a flag that is given now count before the earlier one", () => {
  expect(flagsAgain(launched, { model: "m2", passed_on: [] })).toEqual({
    ...{ role: "captain", model: "m2", strict_mcp: true, passed_on: [] },
  });
});

test("belongsOnTerminal(): one that was launched on a terminal, also while it has none; not one that never had one", () => {
  expect(belongsOnTerminal({ ...launched, headless: false })).toBe(true);
  expect(belongsOnTerminal({ ...launched, resume_on_terminal: true })).toBe(true);
  expect(belongsOnTerminal(launched)).toBe(false);
  expect(belongsOnTerminal(undefined)).toBe(true);
});
