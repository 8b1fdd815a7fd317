// A command that is printed to be copied must run as it stands, whatever names are in it.
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { shellQuote } from "../../src/agents/shell-quote.ts";

test("shellQuote() leaves plain words as they are, and quotes all others", () => {
  expect(shellQuote(["chmod", "600", "/home/ada/.cliai/a-b_c@1,2:3%+=.txt"])).toBe(
    "chmod 600 /home/ada/.cliai/a-b_c@1,2:3%+=.txt",
  );
  expect(shellQuote(["rm", "a b", "", "it's", "~"])).toBe("rm 'a b' '' 'it'\\''s' '~'");
});

test("shellQuote() gives a shell exactly the words that it was given", () => {
  const words = [
    "a b",
    "",
    "it's",
    "$HOME",
    "`id`",
    "x;y",
    "*",
    "!",
    "a\nb",
    "\\",
    '"',
    "~",
    "#c",
    "{a,b}",
    "ü",
  ];
  const { stdout } = spawnSync("/bin/sh", [
    "-c",
    `for word in ${shellQuote(words)}; do printf '%s\\0' "$word"; done`,
  ]);
  expect(stdout.toString().split("\0").slice(0, -1)).toEqual(words);
});
