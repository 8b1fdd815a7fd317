import { describe, expect, test } from "bun:test";
import { type ServiceFacts, serviceManagerOf } from "../../../src/cli/service/service-managers.ts";

const facts: ServiceFacts = {
  name: "cliai",
  self: ["/opt/a b/cliai"],
  command: "serve",
  description: "cliai: for agents & people",
  dataDir: '/home/kim/100% "of" it & <more>',
  flags: ["--port", "$HOME\\x"],
  log: "/home/kim/100%/serve.log",
  home: "/home/kim",
  uid: 501,
  user: "kim & co",
  env: { PATH: "/usr/bin:/opt/50%/$bin" },
};

/** Fails if the tags are not one tree. */
function expectOneTree(xml: string): void {
  const open: string[] = [];
  for (const [, end, name = "", empty] of xml
    .replace(/<!--[\s\S]*?-->/g, "")
    .matchAll(/<(\/?)([A-Za-z]\w*)[^>]*?(\/?)>/g)) {
    if (empty === "/") continue;
    if (end === "/") expect(open.pop()).toBe(name);
    else open.push(name);
  }
  expect(open).toEqual([]);
  expect(xml).not.toMatch(/&(?!amp;|lt;|gt;)/);
}

describe("serviceManagerOf()", () => {
  test("linux: a user unit that takes each word as it is", () => {
    const manager = serviceManagerOf("linux", facts);
    expect(manager.path).toBe("/home/kim/.config/systemd/user/cliai.service");
    const lines = String(manager.file).split("\n");
    expect(lines).toContain(
      'ExecStart="/opt/a b/cliai" "serve" "--data-dir=/home/kim/100%% \\"of\\" it & <more>" "--json" "--port" "$$HOME\\\\x"',
    );
    expect(lines).toContain('Environment="PATH=/usr/bin:/opt/50%%/$bin" CLIAI_LOG=info');
    expect(lines).toContain("StandardError=append:/home/kim/100%%/serve.log");
    expect(lines).toContain("KillMode=process");
    expect(String(manager.file)).not.toContain("{{");
    expect(manager.install.at(-1)).toEqual(["systemctl", "--user", "restart", "cliai.service"]);
    // The path of the program is no place for variables, so nothing is doubled there.
    const dollar = serviceManagerOf("linux", { ...facts, self: ["/opt/$x/cliai"] });
    expect(String(dollar.file)).toContain('ExecStart="/opt/$x/cliai" "serve"');
    const elsewhere = serviceManagerOf("linux", { ...facts, env: { XDG_CONFIG_HOME: "/x" } });
    expect(elsewhere.path).toBe("/x/systemd/user/cliai.service");
  });

  test("a node's service runs cliai node, and tells so, on each system", () => {
    const node = { ...facts, name: "cliai-node", command: "node", flags: [] } as const;
    const unit = String(serviceManagerOf("linux", node).file).split("\n");
    expect(unit).toContain("Description=cliai: for agents & people");
    expect(unit).toContain(
      'ExecStart="/opt/a b/cliai" "node" "--data-dir=/home/kim/100%% \\"of\\" it & <more>"',
    );
    const launchd = String(serviceManagerOf("darwin", node).file);
    expect(launchd).toMatch(/<string>node<\/string>\n\s*<string>--data-dir=[^\n]*<\/string>\n\s*<\/array>/);
    // A task has no place for a log, so it starts the node in the background.
    const task = Buffer.from(serviceManagerOf("win32", node).file as Uint8Array).toString("utf16le");
    expect(task).toContain("<Description>cliai: for agents &amp; people</Description>");
    expect(task).toMatch(/<Arguments>node .* --detach<\/Arguments>/);
    for (const xml of [launchd, task]) expectOneTree(xml);
  });

  test.each([
    ["ActiveState=active\nUnitFileState=enabled\n", true, true],
    ["ActiveState=activating\nUnitFileState=disabled\n", true, false],
    ["ActiveState=failed\nUnitFileState=enabled\n", false, true],
    ["ActiveState=inactive\nUnitFileState=\n", false, false],
    [undefined, false, false],
  ])("linux: the answer %j means active %j, enabled %j", (answer, isActive, isEnabled) => {
    expect(serviceManagerOf("linux", facts).readState(answer)).toEqual({ isActive, isEnabled });
  });

  test("darwin: a launchd agent that leaves the agents alone", () => {
    const manager = serviceManagerOf("darwin", facts);
    expect(manager.path).toBe("/home/kim/Library/LaunchAgents/cliai.plist");
    expectOneTree(String(manager.file));
    expect(manager.file).toContain('<string>--data-dir=/home/kim/100% "of" it &amp; &lt;more&gt;</string>');
    expect(manager.file).toMatch(/<key>AbandonProcessGroup<\/key>\s*<true\/>/);
    expect(manager.install.at(-1)).toEqual(["launchctl", "bootstrap", "gui/501", manager.path]);
    expect(manager.readState("\tstate = running\n\tpid = 7\n")).toEqual({ isActive: true, isEnabled: true });
    expect(manager.readState(undefined)).toEqual({ isActive: false, isEnabled: false });
  });

  test("win32: a task in UTF-16, whose arguments Windows splits as they were", () => {
    const manager = serviceManagerOf("win32", {
      ...facts,
      self: ["C:\\a b\\cliai.exe"],
      dataDir: "C:\\my data\\",
    });
    const xml = Buffer.from(manager.file as Uint8Array).toString("utf16le");
    expect(xml).toStartWith('\uFEFF<?xml version="1.0" encoding="UTF-16"?>');
    expectOneTree(xml);
    expect(xml).toContain("<Command>C:\\a b\\cliai.exe</Command>");
    expect(xml).toContain(
      '<Arguments>serve "--data-dir=C:\\my data\\\\" --json --detach --port $HOME\\x</Arguments>',
    );
    expect(xml).toContain("<UserId>kim &amp; co</UserId>");
  });

  test("refuses what no such file can hold, and systems without a known manager", () => {
    expect(() => serviceManagerOf("linux", { ...facts, dataDir: "/a\nExecStart=b" })).toThrow(
      '"/a\\nExecStart=b" has a control character',
    );
    expect(() => serviceManagerOf("aix", facts)).toThrow("cliai knows no manager of services on aix");
  });
});
