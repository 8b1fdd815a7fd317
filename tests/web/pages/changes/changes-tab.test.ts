// The tab with an agent's changes, and its API, on a real repository.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { createChangesDesk } from "../../../../src/cli/diff/changes-desk.ts";
import type { AgentView } from "../../../../src/domain/fleet/agent-view.ts";
import { createRepository, type TestRepository } from "../../../support/repository.ts";
import { shownText } from "../../../support/shown-text.ts";
import { type TempDir, tempDir } from "../../../support/temp-dir.ts";
import { errorOf, startTestApp, type TestApp } from "../../test-app.ts";

const changedText = 'const limit = 20;\nexport function one() {\n  return "<script>alert(1)</script>";\n}\n';

let home: TempDir;
let repository: TestRepository;
let web: TestApp;

beforeAll(async () => {
  home = await tempDir();
  repository = createRepository(home.path);
  repository.write("src/a.ts", "const limit = 10;\nexport function one() {\n  return 1;\n}\n");
  repository.write("old.md", "# One\n\ntwo\nthree\n");
  repository.commit("first");
  repository.write("src/a.ts", changedText);
  repository.git(["mv", "old.md", "new.md"]);
  repository.write("<img src=x>.txt", "<b>bold</b> \u202e evil\n");
  repository.write("long.txt", Array.from({ length: 10_000 }, (_, index) => `line ${index}\n`).join(""));
  writeFileSync(join(repository.dir, "logo.png"), Buffer.from([137, 80, 78, 71, 0, 1, 2]));
  web = await startTestApp({
    changes: createChangesDesk({
      dataDir: home.join("data"),
      fleet: { list: () => web.test.server.fleet.list() },
      bus: { publishStored: (subject, payload) => web.bus.publishStored(subject, payload) },
      context: { env: repository.env, now: () => new Date() },
    }),
  });
  await web.heartbeat("ada", { project_path: repository.dir, host: hostname() });
  await web.heartbeat("bob", { project_path: join(repository.dir, "src"), host: hostname() });
  await web.heartbeat("cem", { project_path: home.path, host: hostname() });
});
afterAll(async () => {
  await web[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const htmlOf = async (query = "", id = "ada") =>
  await (await web.app.request(`/agents/${id}/changes${query}`)).text();

describe("the tab Changes", () => {
  test("has the files with counts, and folds a long one", async () => {
    const html = await htmlOf();
    const text = shownText(html);
    expect(text).toContain("5 files of");
    expect(text).toContain("+10,003 −2");
    expect(text).toContain("new.md from old.md renamed");
    expect(text).toContain("logo.png new not added yet binary");
    expect(text).toContain("Show its 10,000 changed lines");
    expect(html).toContain('href="/agents/ada/changes?file=long.txt"');
    expect(html.length).toBeLessThan(60_000);
    expect(text).toContain("bob works in the same files");
    expect(html).toContain('<a href="/agents/ada/changes" aria-current="page">');
  });

  test("shows what an agent wrote as text, whatever it is", async () => {
    for (const query of ["", "?layout=split", `?file=${encodeURIComponent("<img src=x>.txt")}`]) {
      const html = await htmlOf(query);
      expect(html).not.toContain("<script>alert");
      expect(html).not.toContain("<img src=x>");
      expect(html).not.toContain("<b>bold");
      expect(html).not.toContain("\u202e");
      expect(html).not.toMatch(/ style="|<style/);
    }
    expect(await htmlOf()).toContain("&lt;b&gt;bold&lt;/b&gt;");
  });

  test("colours the syntax, and marks the words that have changed", async () => {
    const html = await htmlOf();
    expect(html).toContain('<span class="syntax-k">function</span>');
    expect(html).toMatch(
      /<tr class="deleted"><td class="no deleted"><button [^>]*>3<\/button><\/td><td class="no deleted"><\/td>/,
    );
    expect(html).toMatch(/<b><span class="syntax-n">10<\/span><\/b>/);
  });

  test("shows before and now side by side, if its address says so", async () => {
    const html = await htmlOf("?layout=split");
    expect(html).toMatch(
      /<td class="no deleted"><button [^>]*>3<\/button><\/td><td class="deleted">.*?<td class="no added"><button [^>]*>3</,
    );
    expect(html).toContain('<a href="/agents/ada/changes?layout=split" aria-current="true">Side by side</a>');
    expect(html).toContain('href="/agents/ada/changes?layout=split&amp;file=long.txt"');
  });

  test("shows a long file in parts", async () => {
    const first = await htmlOf("?file=long.txt");
    expect(first.match(/<tr class="added">/g)).toHaveLength(1_500);
    expect(shownText(first)).toContain("These are 1 to 1,500 of 10,000 lines");
    expect(first).toContain('href="/agents/ada/changes?file=long.txt&amp;from=1500"');
    const last = await htmlOf("?file=long.txt&from=9000");
    expect(last.match(/<tr class="added">/g)).toHaveLength(1_000);
    expect(last).toContain("line 9999");
    expect(last).toContain('href="/agents/ada/changes?file=long.txt&amp;from=7500"');
  });

  test("says in words what cannot be read, and keeps the form for another base", async () => {
    const missing = shownText(await htmlOf("?base=nowhere"));
    expect(missing).toContain(`there is no commit &quot;nowhere&quot; in ${repository.dir}`);
    expect(await htmlOf("?base=nowhere")).toContain('name="base" value="nowhere"');
    expect(shownText(await htmlOf("", "cem"))).toContain("is in no git repository");
  });
});

describe("a comment on lines", () => {
  const hiddenOf = (html: string) => {
    const form =
      /<form method="post" action="\/agents\/ada\/changes\/comment".*?<\/form>/.exec(html)?.[0] ?? "";
    const fields = [...form.matchAll(/<input type="(?:hidden|number)" name="(\w+)" value="([^"]*)"/g)];
    return Object.fromEntries(fields.map(([, name = "", value = ""]) => [name, value]));
  };
  const send = (fields: Record<string, string>) =>
    web.app.request("/agents/ada/changes/comment", { method: "POST", body: new URLSearchParams(fields) });

  test("is written on the lines that the address chooses, the second one up to where it is pressed", async () => {
    const one = await htmlOf("?at=src%2Fa.ts&line=n3");
    expect(shownText(one)).toContain("To ada, about src/a.ts , line 3");
    expect(one.match(/class="no [a-z]+ chosen"/g)).toHaveLength(2);
    // The numbers send the form below the table, which says what was pressed first.
    expect(one).toMatch(
      /<button type="submit" form="pick-5" name="line" value="o3" tabindex="-1">3<\/button>/,
    );
    expect(one).toMatch(/<form id="pick-5".*?name="at" value="src\/a.ts".*?name="first" value="n3"/);
    const range = await htmlOf("?layout=split&at=src%2Fa.ts&first=n3&line=n1");
    expect(hiddenOf(range)).toMatchObject({
      layout: "split",
      path: "src/a.ts",
      side: "now",
      first_line: "1",
      last_line: "3",
    });
    // A line of the other side begins anew.
    expect(hiddenOf(await htmlOf("?at=src%2Fa.ts&first=n3&line=o1"))).toMatchObject({
      side: "before",
      first_line: "1",
      last_line: "1",
    });
    expect(hiddenOf(await htmlOf("?at=src%2Fa.ts&line=&number=2"))).toMatchObject({
      side: "now",
      first_line: "2",
    });
    expect(hiddenOf(await htmlOf("?at=src%2Fa.ts&line=x"))).toEqual({});
  });

  test("becomes a task with file, lines and quoted code, signed; its receipts stand beside the lines", async () => {
    const fields = {
      ...hiddenOf(await htmlOf("?at=src%2Fa.ts&first=n3&line=n1")),
      words: "return a number\nas before",
    };
    const sent = await send(fields);
    expect(sent.status).toBe(303);
    const [, path = "", anchor = ""] =
      /^([^#]+)#comment-(.+)$/.exec(sent.headers.get("location") ?? "") ?? [];
    expect(path).toBe("/agents/ada/changes");
    const isThere = ({ commands }: AgentView) => commands.some(({ command_id }) => command_id === anchor);
    const { commands } = await web.viewOf("ada", isThere, "the task");
    const order = commands.find(({ command_id }) => command_id === anchor);
    expect(order).toMatchObject({ type: "task", from: "kim (page)" });
    expect(order?.summary).toStartWith(
      "src/a.ts, lines 1–3: return a number\nas before\n\nThe lines of your changes:\n> 1 + const limit = 20;\n> 2   export function one() {\n> 3 +   return",
    );
    // Sent again, it is the same one.
    await send(fields);
    web.bus.publish("agent.ada.receipt", { command_id: anchor, state: "seen" });
    await web.viewOf(
      "ada",
      (view) =>
        view.commands.some(
          ({ command_id, receipts }) => command_id === anchor && receipts.at(-1)?.state === "seen",
        ),
      "it is seen",
    );
    const html = await htmlOf();
    expect(html.match(new RegExp(`id="comment-${anchor}"`, "g"))).toHaveLength(1);
    const row = html.slice(html.indexOf('<tr class="talk">'));
    expect(row).toContain('data-state="seen"');
    expect(shownText(row)).toContain("lines 1–3 from kim (page)");
    expect(shownText(row)).toContain("return a number as before stored");
    expect(shownText(html)).not.toContain("On lines that have changed since");
    // Of a file that is not shown whole, it stands above.
    repository.write("src/a.ts", "const limit = 20;\nexport function one() {\n  return 2;\n}\n");
    try {
      expect(shownText(await htmlOf())).toContain(
        "On lines that have changed since, or that are not shown here: lines 1–3",
      );
      const late = await send({ ...fields, key: crypto.randomUUID() });
      expect(late.status).toBe(409);
      const text = await late.text();
      expect(shownText(text)).toContain("src/a.ts has changed since you looked at it");
      expect(text).toContain("return a number\nas before</textarea>");
    } finally {
      repository.write("src/a.ts", changedText);
    }
  });

  test("on lines that are not shown, or without words, is refused, and says so", async () => {
    const fields = { ...hiddenOf(await htmlOf("?at=src%2Fa.ts&line=n3")), words: "why?" };
    const far = await send({ ...fields, first_line: "3", last_line: "300" });
    expect([far.status, shownText(await far.text())]).toEqual([
      409,
      expect.stringContaining("lines 3–300 of src/a.ts is not among the lines that are shown"),
    ]);
    expect((await send({ ...fields, words: " " })).status).toBe(400);
    expect((await send({ ...fields, side: "left" })).status).toBe(400);
  });

  test("stays if its line is not shown any more: of a file that has changed, is long, or has no change now", async () => {
    const fields = { ...hiddenOf(await htmlOf("?at=src%2Fa.ts&line=n4")), words: "half of a thought" };
    repository.write("src/a.ts", "const limit = 20;\n");
    try {
      const late = await send(fields);
      const html = await late.text();
      expect([late.status, shownText(html)]).toEqual([
        409,
        expect.stringContaining("Not shown here now: line 4 of src/a.ts"),
      ]);
      expect(html).toContain("half of a thought</textarea>");
      repository.git(["checkout", "--quiet", "--", "src/a.ts"]);
      const gone = await (await send(fields)).text();
      expect(gone).toContain("half of a thought</textarea>");
      const rest = { ...hiddenOf(gone), words: "half of a thought", without_lines: "yes" };
      expect(rest).toMatchObject({ path: "src/a.ts", seen: "", first_line: "4" });
      const sent = await send(rest);
      const [, id = ""] = /#comment-(.+)$/.exec(sent.headers.get("location") ?? "") ?? [];
      const isThere = ({ commands }: AgentView) => commands.some(({ command_id }) => command_id === id);
      const { commands } = await web.viewOf("ada", isThere, "the task");
      expect(commands.find(({ command_id }) => command_id === id)?.summary).toStartWith(
        "src/a.ts, line 4: half of a thought\n\nThe lines are not quoted",
      );
    } finally {
      repository.write("src/a.ts", changedText);
    }
    const folded = await htmlOf("?at=long.txt&line=n7000");
    expect(folded).toMatch(/<details class="changed-file" id="file-3" open/);
    expect(hiddenOf(folded)).toMatchObject({ path: "long.txt", first_line: "7000" });
    // With the part that has the line, the form stands below it.
    const part = await htmlOf("?file=long.txt&from=6000&at=long.txt&line=n7000");
    expect(part.match(/action="\/agents\/ada\/changes\/comment"/g)).toHaveLength(1);
    expect(part).not.toContain('class="unplaced"');
    expect(await htmlOf("?file=long.txt&at=long.txt&line=n7000")).toContain('class="unplaced"');
  });
});

describe("GET /api/agents/ID/diff", () => {
  test("answers with the files and their lines, and refuses in one line with a hint", async () => {
    const diff = async (query: string) => await web.app.request(`/api/agents/ada/diff${query}`);
    const report = await (await diff("")).json();
    expect(report).toMatchObject({ agent_id: "ada", branch: "main", shared_with: ["bob"] });
    expect(report.files.map(({ path }: { path: string }) => path)).toEqual([
      ...["<img src=x>.txt", "logo.png", "long.txt", "new.md", "src/a.ts"],
    ]);
    expect(report.files[2]).toMatchObject({ left_out: "long", added: 10_000 });
    expect((await (await diff("?lines=none&file=src/a.ts")).json()).files).toEqual([
      expect.not.objectContaining({ hunks: expect.anything() }),
    ]);
    const wrong = await diff("?lines=many");
    expect([wrong.status, (await errorOf(wrong)).code]).toEqual([400, "usage"]);
    const none = await web.app.request("/api/agents/cem/diff");
    expect([none.status, (await errorOf(none)).code]).toEqual([403, "refused"]);
    const unknown = await web.app.request("/api/agents/nobody/diff");
    expect(unknown.status).toBe(404);
  });
});
