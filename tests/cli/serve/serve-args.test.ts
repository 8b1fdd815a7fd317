// The flags of a server that is started in the background are those that were typed, each in one word.
import { expect, test } from "bun:test";
import { flagsOf, serveArgs } from "../../../src/cli/serve/serve-args.ts";
import { serveTable } from "../../../src/config/serve-settings.ts";

test("flagsOf() passes on what was given, and leaves out what the command in front does itself", () => {
  expect(
    flagsOf({
      ...{
        detach: true,
        json: true,
        "data-dir": "/d",
        insecure: true,
        host: "0.0.0.0",
        config: "/a b/c.json",
      },
      "nats-url": undefined,
    }).sort(),
  ).toEqual(["--config=/a b/c.json", "--host=0.0.0.0", "--insecure"]);
});

test("flagsOf() passes on no flag that is off, and none that serve does not have", () => {
  expect(flagsOf({ insecure: false, _: ["x"], nonsense: "y" })).toEqual([]);
});

test("serveArgs has a flag for each setting, which says the default and does not set it", () => {
  for (const [key, { valueHint, default: standard }] of serveTable) {
    const flag = serveArgs[key.replaceAll("_", "-") as keyof typeof serveArgs] as {
      type: string;
      description: string;
    };
    expect(flag.type).toBe(valueHint === undefined ? "boolean" : "string");
    expect(flag).not.toHaveProperty("default");
    if (valueHint !== undefined && standard !== undefined)
      expect(flag.description).toEndWith(` (default ${standard})`);
  }
});
