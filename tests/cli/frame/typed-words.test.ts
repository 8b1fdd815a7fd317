import { describe, expect, test } from "bun:test";
import { commands } from "../../../src/cli/frame/commands.ts";
import { typedWords } from "../../../src/cli/frame/typed-words.ts";

describe("typedWords", () => {
  test("no word of the table is a command, and each means a command that there is", () => {
    for (const [word, { runs, hint }] of Object.entries(typedWords)) {
      expect([word, Object.hasOwn(commands, word)]).toEqual([word, false]);
      const [run = ""] = runs?.(["x"]) ?? [];
      if (runs !== undefined)
        expect([word, Object.keys(commands)]).toEqual([word, expect.arrayContaining([run])]);
      else expect(hint).toContain("cliai ");
    }
  });

  test("the words that other programs have for what cliai does are answered, each as a command, a word that runs one, or a hint", () => {
    const typed = `list ps log logs stop pause resume kill task tell msg run start up open ui dashboard cost usage history
      approve reply config profiles uninstall upgrade`;
    const unanswered = typed
      .split(/\s+/)
      .filter((word) => !Object.hasOwn(commands, word) && !Object.hasOwn(typedWords, word));
    expect(unanswered).toEqual([]);
  });
});
