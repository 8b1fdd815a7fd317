import { describe, expect, test } from "bun:test";
import { dataDirOf } from "../../src/data-dir/data-dir.ts";

const home = { HOME: "/home/ada" };

describe("dataDirOf()", () => {
  test.each([
    ["the flag first", "there", { ...home, CLIAI_HOME: "/env" }, "linux", "/work/there"],
    ["CLIAI_HOME next", undefined, { ...home, CLIAI_HOME: "env" }, "linux", "/work/env"],
    ["the XDG directory on Linux", undefined, { ...home, XDG_DATA_HOME: "/xdg" }, "linux", "/xdg/cliai"],
    [
      "not a relative XDG directory",
      undefined,
      { ...home, XDG_DATA_HOME: "x" },
      "linux",
      "/home/ada/.local/share/cliai",
    ],
    ["the home on Linux", undefined, { ...home, CLIAI_HOME: "" }, "linux", "/home/ada/.local/share/cliai"],
    [
      "Application Support on macOS",
      undefined,
      home,
      "darwin",
      "/home/ada/Library/Application Support/cliai",
    ],
    ["LOCALAPPDATA on Windows", undefined, { LOCALAPPDATA: "C:\\L" }, "win32", "C:\\L\\cliai"],
  ] as const)("takes %s", (_, flag, env, platform, expected) => {
    expect(dataDirOf({ flag, env, cwd: "/work", platform })).toBe(expected);
  });

  test("says what is missing when there is no home", () => {
    expect(() => dataDirOf({ flag: undefined, env: {}, cwd: "/work", platform: "linux" })).toThrow(
      "HOME is not set",
    );
  });
});
