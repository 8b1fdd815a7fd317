import { describe, expect, test } from "bun:test";
import { claude } from "../../src/agents/claude/claude.ts";
import { findProgram } from "../../src/agents/find-program.ts";

const packageProgram = "@anthropic-ai/claude-code/bin/claude.exe";
const npm = "C:\\Users\\ada\\AppData\\Roaming\\npm";
const tools = "D:\\tools";

function find(files: readonly string[], env: Record<string, string> = { Path: `${tools};${npm}` }) {
  const place = { program: claude.program, packageProgram };
  return findProgram(place, { env, platform: "win32", exists: (path) => files.includes(path) });
}

const installed = `${npm}\\node_modules\\@anthropic-ai\\claude-code\\bin\\claude.exe`;
const inProject = "C:\\p\\node_modules\\@anthropic-ai\\claude-code\\bin\\claude.exe";

describe("findProgram()", () => {
  test("what npm installed for all is started itself, not by its script", () => {
    expect(find([`${npm}\\claude.cmd`, `${npm}\\claude`, installed])).toBe(installed);
  });

  test("so is what npm installed in a project", () => {
    const bin = "C:\\p\\node_modules\\.bin";
    expect(find([`${bin}\\claude.cmd`, inProject], { PATH: bin })).toBe(inProject);
  });

  test("a program of its own on PATH is taken as it is; the first folder that has one wins", () => {
    expect(find([`${tools}\\claude.exe`, `${npm}\\claude.cmd`, installed])).toBe(`${tools}\\claude.exe`);
    const other = [`${npm}\\claude.cmd`, installed, `${tools}\\claude.exe`];
    expect(find(other, { Path: `${npm};${tools}` })).toBe(installed);
  });

  test("a script whose program is not where npm puts it is passed over", () => {
    expect(find([`${tools}\\claude.cmd`, `${npm}\\claude.cmd`, installed])).toBe(installed);
  });

  test("PATH is read however it is written, in quotes too", () => {
    expect(find([`${tools}\\claude.exe`], { PATH: `;"${tools}";` })).toBe(`${tools}\\claude.exe`);
  });

  test.each([".", "bin", "..\\x", "C:bin"])("a folder named in part, %s, is not looked into", (dir) => {
    const all = { program: "claude", packageProgram };
    expect(findProgram(all, { env: { PATH: dir }, platform: "win32", exists: () => true })).toBe("claude");
  });

  test.each([
    ["there is none", {}],
    ["PATH is not set", undefined],
  ])("where %s, it is the name, and starting it says so", (_, env) => {
    expect(find([], env ?? { HOME: "C:\\" })).toBe("claude");
  });

  test("elsewhere the system finds it, and a path is taken as it is", () => {
    const search = { env: { PATH: "/usr/bin" }, exists: () => true };
    expect(findProgram({ program: "claude", packageProgram }, { ...search, platform: "linux" })).toBe(
      "claude",
    );
    const named = { program: "D:\\x\\claude.cmd", packageProgram };
    expect(findProgram(named, { ...search, platform: "win32" })).toBe(named.program);
  });
});
