import { expect, test } from "bun:test";
import type { ArgsDef } from "citty";
import { commands } from "../../../src/cli/frame/commands.ts";
import type { CliaiError } from "../../../src/domain/text/errors.ts";
import { testContext } from "../../support/cli-context.ts";

const needsWord = (args: ArgsDef) =>
  Object.values(args).some(({ type, required }) => type === "positional" && required !== false);

/** Each command and subcommand that needs an argument, with the words that call it. */
async function needy(): Promise<string[][]> {
  const found: string[][] = [];
  for (const [name, row] of Object.entries(commands)) {
    const { shape } = await row.load();
    if (needsWord(shape.args)) found.push([name]);
    for (const [word, { args, isHidden }] of Object.entries(shape.subcommands ?? {}))
      if (isHidden !== true && needsWord(args)) found.push([name, word]);
  }
  return found;
}

test("every command that misses an argument answers with a line that can be copied, and so does its help", async () => {
  const all = await needy();
  expect(all.map((words) => words.join(" "))).toContain("show");
  for (const [name = "", ...rest] of all) {
    const command = await commands[name]?.load();
    const called = `cliai ${[name, ...rest].join(" ")} `;
    const error = await command?.run(rest, testContext()).catch((caught: unknown) => caught);
    const { code, hint } = error as CliaiError;
    expect(code).toBe("usage");
    expect(hint).toContain(called);
    expect(hint).not.toContain("--help");
    expect(command?.help(rest)).toContain(`example: ${hint}`);
  }
});
