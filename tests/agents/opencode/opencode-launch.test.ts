// What a launch of OpenCode is given, and what it does to the user's own configuration of it: nothing.
import { describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildServerEnv } from "../../../src/agents/opencode/opencode-launch.ts";
import { mostWaitS } from "../../../src/domain/wire/tools/tool-definition.ts";
import { callTimeoutMs } from "../../../src/domain/wire/tools/tool-rules.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { silentPipes } from "../silent-pipes.ts";
import { openSession } from "./opened-session.ts";

const call = (name: string, input: Record<string, unknown>) => ({ toolUses: [{ name, input }] });
const late = 240_000;

/** The bytes of every file below the folders, by its path. */
async function readAll(folders: readonly string[]): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const folder of folders)
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.parentPath.includes("node_modules")) continue;
      const path = join(entry.parentPath, entry.name);
      files.set(path, await readFile(path, "base64"));
    }
  return files;
}

describe("buildServerEnv()", () => {
  test("appends to the user's plugins and instructions, and replaces every other list, such as a command of their own", () => {
    const { launch } = silentPipes();
    const user = {
      ...{ plugin: ["theirs"], instructions: ["theirs.md"], watcher: { ignore: ["dist"] } },
      mcp: {
        cliai: { type: "local", command: ["older-cliai", "bridge"] },
        theirs: { type: "local", command: ["theirs", "x"] },
      },
    };
    const env = buildServerEnv(launch, JSON.stringify(user));
    const { plugin, instructions, watcher, mcp } = JSON.parse(env.OPENCODE_CONFIG_CONTENT ?? "");
    expect(plugin).toEqual(["theirs", "file:///data/agents/ada/opencode-gate.mjs"]);
    expect(instructions).toEqual(["theirs.md", "/data/agents/ada/opencode-instructions.md"]);
    expect(watcher).toEqual(user.watcher);
    expect(mcp.theirs).toEqual(user.mcp.theirs);
    expect(mcp.cliai.command).toEqual(["cliai", "bridge"]);
  });

  test("lets a question of the agent wait for as long as it may, which is longer than OpenCode lets a call of a tool take", () => {
    const env = buildServerEnv(silentPipes().launch, undefined);
    const { mcp } = JSON.parse(env.OPENCODE_CONFIG_CONTENT ?? "");
    const longestMs = callTimeoutMs("ask_human", { wait_s: mostWaitS });
    expect(mcp.cliai.timeout).toBeGreaterThanOrEqual(longestMs);
  });

  test.each([["ask"], [{ "*": "ask" }], [{ bash: { "*": "ask" }, "*": "ask" }]])(
    "the user's rule %j stays, and cliai's own tools are used unasked",
    async (permission) => {
      await using opened = await openSession({
        config: { permission },
        script: {
          turns: [
            call("cliai_report_status", {}),
            call("bash", { command: "echo hi", description: "d" }),
            { text: "Done." },
          ],
        },
        answer: ({ facts }) => (facts.kind === "permission" ? { type: "permit" } : { type: "go" }),
      });
      await opened.session.say("work");
      expect(await opened.result(1)).toMatchObject({ isError: false, text: "Done." });
      const asked = opened.told.hooks.filter(({ facts }) => facts.kind === "permission");
      expect(asked.map(({ facts }) => facts.tool)).toEqual(["bash"]);
    },
    late,
  );

  test(
    "the user's plugins, MCP servers, instructions and the project's own configuration count, and no file of theirs changes",
    async () => {
      await using dir = await tempDir();
      const [config, work] = [dir.join("home", ".config", "opencode"), dir.join("work")];
      await Promise.all([join(config, "plugin"), work].map((path) => mkdir(path, { recursive: true })));
      const seen = dir.join("plugin-ran");
      // Without "$schema" OpenCode itself would add it to the file.
      const project = `{ "$schema": "https://opencode.ai/config.json", "permission": { "bash": "ask" } }\n`;
      const plugin = `import { appendFileSync } from "node:fs";
export const Mine = async () => ({ "tool.execute.before": async ({ tool }) => appendFileSync(${JSON.stringify(seen)}, tool + "\\n") });
`;
      await writeFile(join(config, "plugin", "mine.js"), plugin);
      await writeFile(join(config, "AGENTS.md"), "The user says: be kind.\n");
      await writeFile(join(work, "AGENTS.md"), "The project says: use tabs.\n");
      await writeFile(join(work, "opencode.json"), project);
      const theirs = { type: "local", command: [process.execPath, dir.join("tiny.mjs")], enabled: true };
      let before = new Map<string, string>();
      await using opened = await openSession({
        ...{ dir, config: { mcp: { theirs } } },
        script: {
          turns: [
            call("theirs_report_status", {}),
            call("bash", { command: "echo hi", description: "d" }),
            { text: "Done." },
          ],
        },
        async answer({ facts }) {
          if (facts.kind === "prompt") before = await readAll([config, work]);
          return facts.kind === "permission" ? { type: "permit" } : { type: "go" };
        },
      });
      await opened.session.say("work");
      expect(await opened.result(1)).toMatchObject({ isError: false, text: "Done." });
      const [first, second] = opened.model.requests;
      const system = JSON.stringify(first?.body.messages[0]);
      for (const words of ["be kind", "use tabs", "You are ada."]) expect(system).toContain(words);
      expect(second?.newText).toContain("PATH"); // the answer of their MCP server
      expect((await readFile(seen, "utf8")).split("\n")).toEqual(["theirs_report_status", "bash", ""]);
      expect(opened.told.hooks.map(({ facts }) => facts.kind)).toContain("permission");
      expect(before.size).toBeGreaterThanOrEqual(5);
      opened.server.kill("SIGTERM");
      opened.server.kill("SIGTERM");
      await opened.server.exited;
      expect(await readAll([config, work])).toEqual(before);
      expect(await readFile(join(work, "opencode.json"), "utf8")).toBe(project);
      expect(await readFile(join(config, "plugin", "mine.js"), "utf8")).toBe(plugin);
    },
    late,
  );
});
