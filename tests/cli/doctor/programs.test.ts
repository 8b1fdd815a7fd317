// What `cliai doctor` says of the agent CLIs that are there, too old, broken or missing, and of those that the server cannot find.
import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import type { AgentCli } from "../../../src/agents/agent-cli.ts";
import { agentClis, defaultAgentCli } from "../../../src/agents/agent-clis.ts";
import { checkAgentClis, checkServePath } from "../../../src/cli/doctor/programs.ts";
import type { FoundCli } from "../../../src/cli/found-clis.ts";
import { tempDir } from "../../support/temp-dir.ts";

const cliOf = (name: string) => agentClis.find((cli) => cli.name === name) as AgentCli;
const standard = cliOf(defaultAgentCli);
const other = agentClis.find(({ name, isOwn }) => name !== defaultAgentCli && isOwn !== true) as AgentCli;
const own = agentClis.find(({ isOwn }) => isOwn === true) as AgentCli;
const described: AgentCli = { ...other, name: "mine", program: "mine", triedVersion: "" };
const at = (cli: AgentCli, more: Partial<FoundCli> = {}): FoundCli => ({
  ...{ cli, path: `/bin/${cli.program}`, version: cli.triedVersion, ...more },
});
const path = `/bin/${standard.program}`;

describe("checkAgentClis()", () => {
  test("is content with a release that cliai was tried with, and says what each mode can do", () => {
    const [check] = checkAgentClis([at(standard)]);
    expect(check).toMatchObject({ check: standard.name, ok: true });
    expect(check?.message).toStartWith(`${path} is ${standard.triedVersion}`);
    expect(check?.message).toContain("; terminal: ");
  });

  test("finds an older release, with the command that installs a newer one", () => {
    expect(checkAgentClis([at(standard, { version: "0.0.1" })])).toEqual([
      {
        ...{ check: standard.name, ok: false, remedy: standard.install },
        message: `${path} is 0.0.1; cliai was tried with ${standard.triedVersion}`,
      },
    ]);
  });

  test("finds one that does not run, with what it says", () => {
    const { version: _, ...broken } = at(standard, { problem: "it does not run: exit code 1" });
    expect(checkAgentClis([broken])).toEqual([
      {
        ...{ check: standard.name, ok: false, message: `${path}: it does not run: exit code 1` },
        remedy: `see what it says: ${path} --version`,
      },
    ]);
  });

  test("lets CLIs be missing while another one is there, and finds one problem if none is; this program itself is none", () => {
    const missing = [{ cli: standard }, { cli: other }];
    expect(checkAgentClis([at(other), { cli: standard }]).map(({ ok }) => ok)).toEqual([true, true]);
    const message = `${standard.program} is not on PATH, so spawn cannot launch it`;
    expect(checkAgentClis([at(other), { cli: standard }])[1]?.message).toBe(
      `${message} (${standard.install})`,
    );
    const none = { check: standard.name, ok: false, message, remedy: standard.install };
    expect(checkAgentClis(missing)).toEqual([none]);
    expect(checkAgentClis([...missing, at(own)]).filter(({ ok }) => !ok)).toEqual([none]);
  });

  test("of a CLI that only a profile describes asks for no release, and leaves its absence to the profile", () => {
    const { version: _, ...unversioned } = at(described);
    expect(checkAgentClis([unversioned])[0]).toMatchObject({ ok: true });
    expect(checkAgentClis([unversioned])[0]?.message).toStartWith("/bin/mine prints no version; ");
    expect(checkAgentClis([{ ...unversioned, problem: "it does not run" }])).toEqual([
      {
        check: "mine",
        ok: false,
        message: "/bin/mine: it does not run",
        remedy: "see what it says: /bin/mine",
      },
    ]);
    expect(checkAgentClis([{ cli: described }])).toEqual([]);
  });
});

describe("checkServePath()", () => {
  test("finds a CLI that this shell has and the server has not, and tells of one that it has elsewhere", async () => {
    await using dir = await tempDir();
    await writeFile(dir.join(other.program), "#!/bin/sh\necho 9.9.9\n", { mode: 0o700 });
    const found = [at(standard), at(other), { cli: own }];
    const server = { search_path: dir.path, pid: 7 };
    const checks = await checkServePath(found, server, { PATH: "/bin" });
    const who = "the server (pid 7), which launches the agents without a terminal";
    expect(checks.map(({ check, ok }) => [check, ok])).toEqual([
      [standard.name, false],
      [other.name, true],
    ]);
    expect(checks[0]?.message).toBe(`${path} is not on the PATH of ${who}`);
    expect(checks[1]?.message).toBe(`${who}, finds ${dir.join(other.program)} (9.9.9)`);
  });

  test("says nothing where the server has the same PATH, or did not tell it", async () => {
    for (const search_path of ["/bin", undefined]) {
      expect(await checkServePath([at(standard)], { search_path, pid: 7 }, { PATH: "/bin" })).toEqual([]);
    }
  });
});
