import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { startChromium } from "../../../src/bench/browser/chromium.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { until } from "../../support/wait-for.ts";

/** Answers its first command. At the second it sends an event of a session, and answers nothing more. */
const hanging = `#!${process.execPath}
const fs = require("node:fs");
const say = (message) => fs.writeSync(4, JSON.stringify(message) + "\\0");
const input = fs.createReadStream(null, { fd: 3 });
input.once("data", () => {
  input.once("data", () => say({ method: "event", sessionId: "a page", params: { at: 1 } }));
  say({ id: 1, result: {} });
});
input.once("end", () => process.exit()); // the test has gone
setInterval(() => undefined, 1_000);
`;

// Windows does not start a script by its path.
test.skipIf(process.platform === "win32")(
  "startChromium() says of which session an event is, and ends a Chromium that answers nothing any more",
  async () => {
    await using dir = await tempDir();
    const path = dir.join("chromium.js");
    writeFileSync(path, hanging, { mode: 0o755 });
    await using parts = new AsyncDisposableStack();
    const tools = await startChromium(path, parts, 100);
    const told: (readonly [params: object, session: string | undefined])[] = [];
    tools.on<object>("event", (params, session) => void told.push([params, session]));
    void tools.send("Target.getTargets").catch(() => undefined);
    await until("the event", () => told.length > 0);
    expect(told).toEqual([[{ at: 1 }, "a page"]]);
    let isEnded = false;
    void parts.disposeAsync().then(() => {
      isEnded = true;
    });
    // Long before the time that an answer has.
    await until("its end", () => isEnded);
  },
);
