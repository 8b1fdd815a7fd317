// cliai spawn --dry-run as text: a command that a person copies into a shell must launch what --json says.
import { expect, test } from "bun:test";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { startChild } from "../support/child.ts";
import { runCliai } from "../support/cliai.ts";
import { tempDir } from "../support/temp-dir.ts";

/** What would be misread if it were not quoted. */
const trickyTask = `--it's "done"; $(date) \`date\` & \\ *? ~ #1\nsecond line\t! %PATH% ä`;

test.if(process.platform !== "win32")(
  "the text of spawn --dry-run, run by a shell, starts the CLI in the project with just the arguments of --json",
  async () => {
    await using dir = await tempDir();
    const project = dir.join("a project's folder; $HOME");
    await mkdir(project);
    await mkdir(dir.join("bin"));
    const claude = `#!/bin/sh\npwd > "${dir.join("told")}"\nprintf '%s\\0' "$@" >> "${dir.join("told")}"\n`;
    await writeFile(dir.join("bin", "claude"), claude, { mode: 0o700 });

    const args = ["spawn", "--dry-run", "--id", "ada", "--data-dir", dir.path, "--project", project];
    const task = ["--task", trickyTask];
    const asText = await runCliai([...args, ...task]);
    expect(asText.code).toBe(0);
    expect(asText.stderr).toContain(`written: ${dir.join("agents", "ada", "mcp.json")}\n`);
    const asJson = JSON.parse((await runCliai([...args, ...task, "--json"])).stdout);
    expect(asJson.args).toContain(trickyTask);

    const env = { PATH: `${dir.join("bin")}:${process.env.PATH}` };
    await using shell = await startChild("sh", ["-c", asText.stdout], { env, cwd: dir.path });
    expect(await shell.exit()).toMatchObject({ code: 0, stderr: "" });
    const told = await readFile(dir.join("told"), "utf8");
    const end = told.indexOf("\n");
    expect(told.slice(0, end)).toBe(project);
    expect(told.slice(end + 1, -1).split("\0")).toEqual(withoutSession(asJson.args, told));
  },
);

/** Each run has a session id of its own: the told one in place of the other. */
function withoutSession(args: readonly string[], told: string): string[] {
  const at = args.indexOf("--session-id") + 1;
  const own = /--session-id\0([^\0]+)/.exec(told)?.[1] ?? "none";
  return args.map((arg, i) => (at > 0 && i === at ? own : arg));
}
