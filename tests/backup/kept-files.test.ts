import { expect, test } from "bun:test";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { listKeptFiles } from "../../src/backup/kept-files.ts";
import { tempDir } from "../support/temp-dir.ts";

test("listKeptFiles() keeps what cannot be made again, also empty folders, and names what it does not know", async () => {
  await using dir = await tempDir();
  const files = [
    ...["layout.json", "serve.json", "serve.held", "profiles.json", "diary.txt"],
    // A code may be used or withdrawn after the backup.
    ...["keys/join-codes/0a1b2c3d.json", "agents/ada/attachments/join-codes/x"],
    ...["keys/operator.nk", "keys/agents/ada/U1.json", `keys/.${crypto.randomUUID()}`],
    ...["agents/ada/mcp.json", "agents/ada/held", "agents/ada/run.json", "agents/ada/host.log"],
    ...["agents/ada/host.log.1", "agents/ada/attachments/1/build.log", "agents/ada/attachments/1/host.log"],
    ...["worktrees/ada.0123.setup.log"],
    ...[
      "agents/held/mcp.json",
      "agents/ada/turns/turns.json",
      "agents/ada/turns/2026-11-30/aa/bb",
      "worktrees/run.json",
      "nats/jetstream/x",
      "bin/nats-server",
      "logs/serve.log",
    ],
  ];
  for (const file of files) {
    await mkdir(dir.join(file, ".."), { recursive: true });
    await writeFile(dir.join(file), "");
  }
  await mkdir(dir.join("keys", "agents", "bob"));
  await symlink("/etc/passwd", dir.join("agents", "ada", "link"));
  const kept = await listKeptFiles(dir.path);
  expect(kept.files.map(({ path, isFolder }) => (isFolder ? `${path}/` : path))).toEqual([
    ...["agents/", "agents/ada/", "agents/ada/attachments/", "agents/ada/attachments/1/"],
    ...["agents/ada/attachments/1/build.log", "agents/ada/attachments/1/host.log"],
    ...["agents/ada/attachments/join-codes/", "agents/ada/attachments/join-codes/x"],
    ...["agents/ada/mcp.json", "agents/held/", "agents/held/mcp.json"],
    ...["keys/", "keys/agents/", "keys/agents/ada/", "keys/agents/ada/U1.json", "keys/agents/bob/"],
    ...["keys/operator.nk", "layout.json", "profiles.json", "worktrees/", "worktrees/run.json"],
  ]);
  expect(kept.left).toEqual([
    { path: "diary.txt", why: "not cliai's" },
    { path: "agents/ada/link", why: "a symbolic link" },
  ]);
});

test("listKeptFiles() keeps a person's own files that are symbolic links, and names every other link", async () => {
  await using dir = await tempDir();
  await using elsewhere = await tempDir();
  await writeFile(elsewhere.join("mine.json"), "{}");
  const links = { "hooks.json": "none.json", "notify.json": ".", "prices.json": "mine.json" };
  for (const [name, to] of Object.entries({
    ...links,
    "profiles.json": "mine.json",
    "fleet.json": "mine.json",
  }))
    await symlink(elsewhere.join(to), dir.join(name));
  const why = "a symbolic link";
  expect(await listKeptFiles(dir.path)).toEqual({
    files: ["prices.json", "profiles.json"].map((path) => ({ path, isFolder: false, isLink: true })),
    left: ["fleet.json", "hooks.json", "notify.json"].map((path) => ({ path, why })),
  });
});

test("listKeptFiles() of a directory that is not there is empty", async () => {
  await using dir = await tempDir();
  expect(await listKeptFiles(dir.join("none"))).toEqual({ files: [], left: [] });
});
