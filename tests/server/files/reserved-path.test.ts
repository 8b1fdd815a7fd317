import { describe, expect, test } from "bun:test";
import { reservedPath } from "../../../src/server/files/reserved-path.ts";

describe("reservedPath()", () => {
  test.each([
    ["src/a.ts", "/p", "/p/src/a.ts"],
    ["src", "/p", "/p/src"],
    ["src/", "/p", "/p/src"],
    ["src/**", "/p", "/p/src"],
    ["**", "/p", "/p"],
    [".", "/p", "/p"],
    ["../q/a.ts", "/p", "/q/a.ts"],
    ["/abs/./b/../a.ts", undefined, "/abs/a.ts"],
    ["app/[id]/page.tsx", "/p", "/p/app/[id]/page.tsx"],
    ["src\\a.ts", "C:\\p", "C:\\p\\src\\a.ts"],
    ["src/**", "C:\\p", "C:\\p\\src"],
  ] as const)("%p in %p is %p", (text, project, path) => {
    expect(reservedPath(text, project)).toBe(path);
  });

  test.each(["src/*.ts", "**/a.ts", "a?.ts", "{a,b}.ts", "!src", "~/a", "src/**/x"])(
    "refuses %p by name, and says what can be reserved",
    (text) => {
      const reserve = () => reservedPath(text, "/p");
      expect(reserve).toThrow(`"${text}" is a pattern that cannot be reserved`);
      expect(reserve).toThrow(expect.objectContaining({ hint: expect.stringContaining("src/**") }));
    },
  );

  test.each([
    ["/", undefined, '"/" is a whole file system'],
    ["/**", "/home/mia/p", '"/**" is a whole file system'],
    ["C:\\", "C:\\p", "is a whole file system"],
    ["..", "/home/mia/p", '".." is above your project'],
    ["/home/**", "/home/mia/p", '"/home/**" is above your project'],
    [`${"a/".repeat(120)}b`, "/p", "has 122 parts; at most 100 are allowed"],
  ])("refuses what is too wide or too deep: %p in %p", (text, project, words) => {
    expect(() => reservedPath(text, project)).toThrow(words);
  });

  test("refuses a relative path of an agent without a project, and an empty one", () => {
    expect(() => reservedPath("a.ts", undefined)).toThrow("you have told no project_path");
    expect(() => reservedPath("", "/p")).toThrow("empty");
  });
});
