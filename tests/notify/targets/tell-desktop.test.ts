// A program in place of notify-send writes what it was given.
import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import type { Notice } from "../../../src/domain/notices/notice.ts";
import { messageOf } from "../../../src/domain/text/errors.ts";
import { desktopProgramOf, tellDesktop } from "../../../src/notify/targets/tell-desktop.ts";
import { tempDir } from "../../support/temp-dir.ts";

const notice: Notice = {
  ...{ notice_id: "a", kind: "stuck", at: "2026-01-01T00:00:00.000Z", title: "ada is stuck" },
  ...{ text: "<b>$(id)</b> & --x", path: "/" },
};
const { signal } = new AbortController();

describe("tellDesktop()", () => {
  test.skipIf(process.platform === "win32")(
    "gives the texts as arguments, which no shell and no markup reads",
    async () => {
      await using dir = await tempDir();
      const script = `#!${process.execPath}\nrequire("fs").writeFileSync("seen", JSON.stringify(process.argv.slice(2)));\n`;
      writeFileSync(dir.join("notify-send"), script, { mode: 0o755 });
      const place = { dataDir: dir.path, env: { PATH: dir.path }, timeoutS: 60, signal };
      await tellDesktop([notice], { ...place, platform: "linux" });
      expect(JSON.parse(readFileSync(dir.join("seen"), "utf8"))).toEqual([
        ...["--app-name=cliai", "--", "ada is stuck"],
        "&lt;b&gt;$(id)&lt;/b&gt; &amp; --x",
      ]);
    },
  );

  test.each([
    ["linux", "notify-send"],
    ["darwin", "osascript"],
    ["win32", "powershell.exe"],
  ] as const)("on %s, says that %s is missing", async (platform, program) => {
    await using dir = await tempDir();
    const place = { dataDir: dir.path, env: { PATH: dir.path }, timeoutS: 5, signal, platform };
    const reason = await tellDesktop([notice], place).then(() => "none", messageOf);
    expect(reason).toStartWith(`${program} is not on the PATH of serve: `);
  });
});

test("desktopProgramOf() puts no text of a notice into a script", () => {
  for (const platform of ["darwin", "win32"] as const) {
    const args = desktopProgramOf(platform).argsFor({ title: "TITLE", text: "TEXT" });
    expect(args.filter((each) => /TITLE|TEXT/.test(each) && !/^(TITLE|TEXT)$/.test(each))).toEqual([]);
  }
});
