// The tab with an agent's changes in real Chromium: wide and narrow, light and dark, both layouts, a file of 10,000 lines, and without scripts.
import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { createChangesDesk } from "../../src/cli/diff/changes-desk.ts";
import { writeWorkDir } from "../../src/data-dir/agent-lock.ts";
import { parseAgentId } from "../../src/domain/wire/agent-id.ts";
import { serveHttp } from "../../src/runtime.ts";
import { startChromium } from "../support/chromium.ts";
import { keepPicture } from "../support/keep-picture.ts";
import { createRepository, type TestRepository } from "../support/repository.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startTestApp } from "../web/test-app.ts";

const looks = [
  { name: "wide-light", width: 1280, height: 900, colorScheme: "light" },
  { name: "wide-dark", width: 1280, height: 900, colorScheme: "dark" },
  { name: "narrow-light", width: 360, height: 740, colorScheme: "light" },
  { name: "narrow-dark", width: 360, height: 740, colorScheme: "dark" },
] as const;
const shot = (page: Page, name: string) => keepPicture(page, name, { fullPage: true });

const before = `import { open } from "./store.ts";

/** How many tries a login has. */
const tries = 3;

export async function login(name: string, password: string): Promise<Session> {
  const user = await open().find(name);
  if (user === undefined) throw new Error("no such user");
  for (let count = 0; count < tries; count++) {
    if (await user.check(password)) return user.session();
  }
  throw new Error("wrong password");
}
`;

function change(repository: TestRepository): void {
  repository.write("src/login.ts", before);
  repository.write("docs/old-name.md", "# Login\n\nHow to log in.\n\nAsk for a name.\nAsk for a password.\n");
  repository.write("style.css", "body {\n  margin: 0;\n}\n");
  repository.commit("first");
  repository.write(
    "src/login.ts",
    before
      .replace("tries = 3", "tries = 5")
      .replace('"no such user"', '"wrong name or password"')
      .replace(
        '  throw new Error("wrong password");\n',
        '  await user.lock(15);\n  throw new Error("wrong name or password");\n',
      ),
  );
  repository.git(["mv", "docs/old-name.md", "docs/login.md"]);
  repository.write("docs/login.md", "# Login\n\nHow to log in.\n\nAsk for a name.\nAsk for a passphrase.\n");
  repository.write(
    "hostile.html",
    `<img src=x onerror="document.title='broken'">\n<script>document.title='broken'</script>\n`,
  );
  repository.write(
    "data/many.csv",
    Array.from({ length: 10_000 }, (_, index) => `${index},row ${index}\n`).join(""),
  );
  repository.write("min.js", `const x = "${"y".repeat(3_000)}";\n`);
  writeFileSync(join(repository.dir, "logo.png"), Buffer.from([137, 80, 78, 71, 0, 1, 2]));
}

test("the changes of an agent: each layout fits its window, colours its lines, and runs nothing that an agent wrote", async () => {
  await using home = await tempDir();
  const repository = createRepository(home.path);
  change(repository);
  mkdirSync(home.join("data/agents/ada"), { recursive: true });
  await writeWorkDir(home.join("data"), parseAgentId("ada"), repository.dir);
  repository.git(["remote", "add", "origin", "https://example.org/shop.git"]);
  await using web = await startTestApp({
    changes: createChangesDesk({
      dataDir: home.join("data"),
      fleet: { list: () => [] },
      bus: { publishStored: (subject, payload) => web.bus.publishStored(subject, payload) },
      context: { env: repository.env, now: () => new Date() },
    }),
  });
  await web.heartbeat("ada", {
    project_path: repository.dir,
    host: hostname(),
    current_task: "mend the login",
  });
  const http = await serveHttp({ host: "127.0.0.1", port: 0, fetch: web.app.fetch, maxBodyBytes: 1_000_000 });
  await using browser = await startChromium();
  const url = (query: string) => `http://127.0.0.1:${http.port}/agents/ada/changes${query}`;
  try {
    for (const { name, ...look } of [looks[1], looks[2]]) {
      const page = await browser.newPage(look);
      // Not by a script element, which the content security policy of the page refuses.
      await page.addInitScript({ content: axe.source });
      for (const query of ["", "?layout=split"]) {
        await page.goto(url(query));
        await page.waitForSelector("html.live");
        expect(await page.title()).toBe("Changes of ada · cliai");
        expect([query, await page.evaluate(tooWide)]).toEqual([query, 0]);
        await shot(page, `${name}${query.replace(/\W+/g, "-")}`);
      }
      expect(await page.evaluate(axeFaults)).toEqual([]);
    }
    const page = await browser.newPage(looks[0]);
    await page.addInitScript({ content: axe.source });
    await page.goto(url("?file=data%2Fmany.csv&from=1500"));
    expect(await page.locator("tr.added").count()).toBe(1_500);
    const commented = await browser.newPage(looks[3]);
    await comment(commented, url(""));
    const sent = await commented.locator(".comment").getAttribute("id");
    web.bus.publish("agent.ada.receipt", { command_id: sent?.replace("comment-", ""), state: "seen" });
    await commented.waitForSelector('tr.talk .comment[data-state="seen"]');
    await keepsUnplaced(commented, repository, url);
    await page.goto(url("/git"));
    await page.waitForSelector("text=Commit 6 files");
    expect(await page.evaluate(axeFaults)).toEqual([]);
    await shot(page, "git");
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate(tooWide)).toBe(0);
    // The browser tells that the comment on another file than was seen was refused, and of nothing else.
    expect(browser.problems).toEqual([
      expect.stringMatching(/changes\/comment: .* status of 409 \(Conflict\)$/),
    ]);
  } finally {
    await http.stop();
  }
});

/** Presses two numbers, writes, and sends; the comment then stands below the lines, and follows its receipts. */
async function comment(page: Page, url: string): Promise<void> {
  await page.addInitScript({ content: axe.source });
  await page.goto(url);
  const numberOf = (line: string) => page.locator(`#file-6 button[name=line][value=${line}]`);
  await numberOf("n8").click();
  await page.waitForSelector("#comment");
  await page.fill("#comment", "Tell neither");
  await numberOf("n6").click();
  await page.waitForSelector("text=lines 6–8");
  // What was typed is still there, also on the page as it is made anew.
  expect(await page.inputValue("#comment")).toBe("Tell neither");
  await page.reload();
  expect(await page.inputValue("#comment")).toBe("Tell neither");
  await page.click("text=Cancel");
  await numberOf("n8").click();
  await page.waitForSelector("#comment");
  expect(await page.inputValue("#comment")).toBe("");
  await numberOf("n6").click();
  await page.waitForSelector("text=lines 6–8");
  await page.fill("#comment", "Tell neither of the two.");
  expect(await page.evaluate(axeFaults)).toEqual([]);
  expect(await page.evaluate(tooWide)).toBe(0);
  await shot(page, "comment-form");
  await page.click("text=Send as a task");
  await page.waitForSelector(".comment:target");
  expect(await page.locator(".comment .words").textContent()).toBe("Tell neither of the two.");
  expect(await page.locator("tr.talk .comment").count()).toBe(1);
  await shot(page, "comment-sent");
}

/** A comment whose lines go while it is written is still there, and can be sent. */
async function keepsUnplaced(page: Page, repository: TestRepository, url: (query: string) => string) {
  await page.goto(url("?at=src%2Flogin.ts&line=n13"));
  await page.fill("#comment", "Half of a thought");
  const now = readFileSync(join(repository.dir, "src/login.ts"), "utf8");
  repository.write("src/login.ts", before.slice(0, 200));
  try {
    // As it was typed, the file was another one.
    await page.click("text=Send as a task");
    await page.waitForSelector("text=has changed since you looked at it");
    expect(await page.inputValue("#comment")).toBe("Half of a thought");
    expect(await page.evaluate(tooWide)).toBe(0);
    await shot(page, "comment-unplaced");
    // It was not sent, so it is kept on.
    repository.write("src/login.ts", before);
    await page.goto(url("?at=src%2Flogin.ts&line=n13"));
    await page.waitForSelector(".unplaced");
    expect(await page.inputValue("#comment")).toBe("Half of a thought");
  } finally {
    repository.write("src/login.ts", now);
  }
}

function tooWide(): number {
  return document.documentElement.scrollWidth - innerWidth;
}

async function axeFaults(): Promise<string[]> {
  const { axe } = window as unknown as { axe: typeof import("axe-core") };
  const { violations } = await axe.run();
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}
