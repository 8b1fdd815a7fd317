// The page on which a person confirms a commit, a push or a pull request: what it names, what it does, and what the audit has of it.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { keepTurn } from "../../../../src/changes/turn-store.ts";
import { createChangesDesk } from "../../../../src/cli/diff/changes-desk.ts";
import { takeAgentLock, writeWorkDir } from "../../../../src/data-dir/agent-lock.ts";
import { scopesFor } from "../../../../src/domain/access/token-scopes.ts";
import type { AgentView } from "../../../../src/domain/fleet/agent-view.ts";
import { lineOf } from "../../../../src/domain/history/record-line.ts";
import { parseAgentId } from "../../../../src/domain/wire/agent-id.ts";
import { createRepository, type TestRepository } from "../../../support/repository.ts";
import { shownText } from "../../../support/shown-text.ts";
import { type TempDir, tempDir } from "../../../support/temp-dir.ts";
import { until } from "../../../support/wait-for.ts";
import { errorOf, startTestApp, type TestApp } from "../../test-app.ts";

let home: TempDir;
let repository: TestRepository;
let web: TestApp;

beforeAll(async () => {
  home = await tempDir();
  repository = createRepository(home.path);
  repository.write("a.txt", "one\n");
  repository.commit("first");
  mkdirSync(home.join("bin"));
  // Only asked whether it is installed.
  writeFileSync(home.join("bin/gh"), "#!/bin/sh\n", { mode: 0o755 });
  mkdirSync(home.join("data/agents/ada"), { recursive: true });
  await writeWorkDir(home.join("data"), parseAgentId("ada"), repository.dir);
  web = await startTestApp({
    changes: createChangesDesk({
      dataDir: home.join("data"),
      fleet: { list: () => [] },
      bus: { publishStored: (subject, payload) => web.bus.publishStored(subject, payload) },
      context: {
        env: { ...repository.env, PATH: `${home.join("bin")}:${repository.env.PATH}` },
        now: () => new Date(),
      },
    }),
  });
  await web.heartbeat("ada", { host: hostname() });
  await web.heartbeat("bob", { host: hostname(), project_path: repository.dir });
});
afterAll(async () => {
  await web[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const page = async (id = "ada") => await (await web.app.request(`/agents/${id}/changes/git`)).text();
const send = (fields: Record<string, string>, id = "ada") =>
  web.app.request(`/agents/${id}/changes/git`, { method: "POST", body: new URLSearchParams(fields) });
const hiddenIn = (html: string, name: string) =>
  new RegExp(`name="${name}" value="([0-9a-f]+)"`).exec(html)?.[1] ?? "";

test("the page names what a commit has, and why there is nothing to push; the tab leads to it", async () => {
  repository.write("b <b>.txt", "b\n");
  const html = await page();
  const text = shownText(html);
  expect(text).toContain("b &lt;b&gt;.txt +1 −0");
  expect(text).toContain("Commit 1 file");
  expect(text).toContain("Push Nothing to do: the repository has no remote.");
  expect(hiddenIn(html, "seen")).toMatch(/^[0-9a-f]{64}$/);
  expect(await (await web.app.request("/agents/ada/changes")).text()).toContain(
    'href="/agents/ada/changes/git"',
  );
  expect(shownText(await page("bob"))).toContain("cliai has not launched bob");
});

test("a commit is done once it is confirmed, and the audit has who asked for it, and what became of it", async () => {
  const seen = hiddenIn(await page(), "seen");
  repository.write("c.txt", "c\n");
  const late = await send({ act: "commit", seen, message: "Add b" });
  expect(late.status).toBe(409);
  const lateHtml = await late.text();
  expect(shownText(lateHtml)).toContain("nothing was done: ada has changed something since you looked");
  expect(lateHtml).toContain(">Add b</textarea>");
  const done = await send({ act: "commit", seen: hiddenIn(lateHtml, "seen"), message: "Add b and c" });
  expect(done.status).toBe(200);
  expect(shownText(await done.text())).toMatch(/Done: committed 2 files as [0-9a-f]+ on main\./);
  expect(repository.git(["log", "-1", "--format=%s"])).toBe("Add b and c");
  const records = async () => (await web.test.server.history.page({ kind: "git" }, { limit: 10 })).records;
  await until("both records", async () => (await records()).length === 2);
  const found = (await records()).toSorted((one, other) => one.seq - other.seq);
  expect(found.map((record) => lineOf(record))).toMatchObject([
    { agent_id: "ada", kind: "git", from: "kim (page)", text: "commit 2 files: Add b and c" },
    { agent_id: "ada", kind: "git", from: "kim (page)", text: expect.stringContaining("committed 2 files") },
  ]);
});

test("what was typed stays if it cannot be taken as it is: a title of spaces, a text that is too long", async () => {
  const project = createRepository(home.path, "pushed");
  project.commit("first");
  project.git(["checkout", "--quiet", "-b", "work"]);
  project.git(["remote", "add", "origin", "git@github.com:o/r.git"]);
  for (const branch of ["main", "work"])
    project.git(["update-ref", `refs/remotes/origin/${branch}`, "refs/heads/main"]);
  project.git(["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
  mkdirSync(home.join("data/agents/kit"), { recursive: true });
  await writeWorkDir(home.join("data"), parseAgentId("kit"), project.dir);
  await web.heartbeat("kit", { host: hostname() });
  const seen = hiddenIn(await page("kit"), "seen");
  const [fits, tooLong] = ["Both of them.", "x".repeat(50_001)];
  for (const [title, body, problem] of [
    ["  ", fits, "the title is empty"],
    ["Add b and c", tooLong, "the text is too long"],
  ] as const) {
    const answer = await send({ act: "pull_request", seen, title, body }, "kit");
    expect(answer.status).toBe(400);
    const html = await answer.text();
    expect(shownText(html)).toContain(problem);
    expect(html).toContain(`value="${title}"`);
    expect(html).toContain(`>${body}</textarea>`);
  }
});

test("the tab shows the changes of one turn, if its address names it", async () => {
  const options = { dataDir: home.join("data"), env: repository.env };
  const lock = await takeAgentLock(options.dataDir, parseAgentId("ada"));
  const since = "2026-11-30T10:00:00.000Z";
  await keepTurn(parseAgentId("ada"), since, options);
  lock.release();
  repository.write("d.txt", "d\n");
  const changesAt = async (query: string) =>
    await (await web.app.request(`/agents/ada/changes${query}`)).text();
  const all = await changesAt("");
  expect(all).toContain(`<option value="${since}">last, 2026-11-30 10:00 UTC</option>`);
  const one = await changesAt(`?turn=${since}`);
  expect(one).toMatch(new RegExp(`<option value="${since}" selected`));
  expect(shownText(one)).toContain("since the turn that began 2026-11-30 10:00:00 UTC");
  expect(one).toContain(`turn=${encodeURIComponent(since)}`);
  expect(shownText(await changesAt("?turn=7"))).toContain(
    "the beginning of the turn &quot;7&quot; is not kept",
  );
});

test("a comment on a turn that is over says which state its lines are of, and where they are now", async () => {
  const options = { dataDir: home.join("data"), env: repository.env };
  const lock = await takeAgentLock(options.dataDir, parseAgentId("ada"));
  const [first, second] = ["2026-11-30T11:00:00.000Z", "2026-11-30T12:00:00.000Z"];
  await keepTurn(parseAgentId("ada"), first, options);
  repository.write("e.txt", "one\ntwo\nthree\n");
  await keepTurn(parseAgentId("ada"), second, options);
  lock.release();
  const formOf = async () =>
    await (await web.app.request(`/agents/ada/changes?turn=${first}&at=e.txt&line=n2`)).text();
  expect(shownText(await formOf())).toContain(
    "These are lines of an earlier turn, and the task says so. They are the same now.",
  );
  repository.write("e.txt", "zero\none\ntwo\nthree\n");
  const html = await formOf();
  expect(shownText(html)).toContain("They are line 3 now.");
  const hidden = [...html.matchAll(/name="(turn|path|side|seen|key|first_line|last_line)" value="([^"]*)"/g)];
  const fields = Object.fromEntries(hidden.map(([, name = "", value = ""]) => [name, value]));
  const sent = await web.app.request("/agents/ada/changes/comment", {
    method: "POST",
    body: new URLSearchParams({ ...fields, turn: first, words: "why two?" }),
  });
  expect(sent.status).toBe(303);
  const [, id = ""] = /#comment-(.+)$/.exec(sent.headers.get("location") ?? "") ?? [];
  const isThere = ({ commands }: AgentView) => commands.some(({ command_id }) => command_id === id);
  const { commands } = await web.viewOf("ada", isThere, "the task");
  expect(commands.find(({ command_id }) => command_id === id)?.summary).toBe(
    "e.txt, line 2, as of an earlier turn: why two?\n\nThe lines, as they were when your turn that began 2026-11-30 11:00:00 UTC was over:\n> 2 + two\nThey are line 3 now.",
  );
  const shown = await (await web.app.request(`/agents/ada/changes?turn=${first}`)).text();
  expect(shownText(shown.slice(shown.indexOf('<tr class="talk">')))).toContain("why two?");
});

test("what is not one of the acts, or without words, is refused; a token with a name may do none of them", async () => {
  expect((await send({ act: "reset", seen: "0".repeat(64) })).status).toBe(400);
  const empty = await send({ act: "commit", seen: "0".repeat(64), message: " " });
  expect([empty.status, shownText(await empty.text())]).toEqual([
    400,
    expect.stringContaining("the message is empty"),
  ]);
  expect((await send({ act: "push", seen: "--force" })).status).toBe(400);
  expect(scopesFor("POST", "/agents/ada/changes/git", true)).toEqual([]);
  expect(scopesFor("POST", "/agents/ada/changes/comment", true)).toEqual(["command"]);
});

test("programs do the same by the API: they look first, and give back what they have seen", async () => {
  const look = async () => await (await web.app.request("/api/agents/ada/changes")).json();
  const post = (path: string, body: object) =>
    web.app.request(`/api/agents/ada/changes/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  repository.write("f.txt", "f\n");
  const before = await look();
  expect(before.files.map(({ path }: { path: string }) => path)).toContain("f.txt");
  repository.write("g.txt", "g\n");
  const late = await post("commit", { seen: before.seen.commit, message: "Add f" });
  expect([late.status, (await errorOf(late)).message]).toEqual([
    403,
    "nothing was done: ada has changed something since you looked",
  ]);
  const done = await post("commit", { seen: (await look()).seen.commit, message: "Add f and g" });
  expect([done.status, await done.json()]).toEqual([
    200,
    { agent_id: "ada", act: "commit", said: expect.stringMatching(/^committed \d+ files as /) },
  ]);
  expect(repository.git(["log", "-1", "--format=%s"])).toBe("Add f and g");
  expect((await post("push", { seen: before.seen.push })).status).toBe(403);
  expect((await post("push", { seen: before.seen.push, force: true })).status).toBe(400);
  expect((await post("pull-request", { seen: before.seen.pull_request })).status).toBe(400);
  for (const path of ["commit", "push", "pull-request"])
    expect(scopesFor("POST", `/api/agents/ada/changes/${path}`)).toEqual([]);
});
