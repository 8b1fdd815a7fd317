// What a command's help shows of its flags and their values.
import { describe, expect, test } from "bun:test";
import type { ArgsDef } from "citty";
import { commandHelp } from "../../../src/cli/frame/command-help.ts";

const helpOf = (args: ArgsDef) =>
  commandHelp({ name: "shelf", description: "what stands there", args, passesOn: false, takesMore: false })
    .split("\n")
    .slice(4);

describe("commandHelp()", () => {
  test("names the choices of a flag in its own line", () => {
    const order: ArgsDef = {
      by: { type: "enum", options: ["title", "year"], default: "title", description: "sort by this" },
      all: { type: "boolean", alias: "a", description: "also the old" },
    };
    expect(helpOf(order)).toEqual([
      "  --by title|year  sort by this (default title)",
      "  -a, --all        also the old",
    ]);
  });

  test("lists the choices below a flag that has a name for its value, so that the columns stay narrow", () => {
    const options = ["art", "law", "maps", "music", "plays", "poems", "songs"];
    const kind: ArgsDef = { kind: { type: "enum", options, valueHint: "KIND", description: "only these:" } };
    expect(helpOf(kind)).toEqual([
      "  --kind KIND  only these:",
      "                 art, law, maps, music, plays, poems",
      "                 songs",
    ]);
  });
});
