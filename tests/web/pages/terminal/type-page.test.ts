// The page on which a person types at an agent's terminal, and what its policy allows.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { startTestApp, type TestApp } from "../../test-app.ts";

let web: TestApp;
beforeAll(async () => {
  web = await startTestApp();
  await web.heartbeat("ada", { session_mode: "terminal" });
  await web.heartbeat("bob", { session_mode: "headless" });
});
afterAll(() => web[Symbol.asyncDispose]());

async function pageOf(path: string) {
  const response = await web.app.request(path);
  const policy = response.headers.get("content-security-policy") ?? "";
  const [, styles = ""] = /style-src ([^;]*)/.exec(policy) ?? [];
  return { html: await response.text(), policy, styles };
}

test("only the typing page may add style elements, with a nonce of each answer, and nothing else is allowed there", async () => {
  const first = await pageOf("/agents/ada/terminal/type");
  const [, nonce = ""] = /^'self' 'nonce-([\w+/=]{20,})'$/.exec(first.styles) ?? [];
  expect(nonce).not.toBe("");
  expect(first.html).toContain(`nonce="${nonce}"`);
  const other = await pageOf("/agents/ada/terminal");
  expect([other.styles, first.policy.replace(` 'nonce-${nonce}'`, "")]).toEqual(["'self'", other.policy]);
  expect((await pageOf("/agents/ada/terminal/type")).styles).not.toBe(first.styles);
  expect((await pageOf("/agents/nobody/terminal/type")).styles).toBe("'self'");
});

test("it loads its scripts and styles from this server", async () => {
  const { html } = await pageOf("/agents/ada/terminal/type");
  expect(html).not.toMatch(/style="|<script>|<style/);
  expect(html).toContain("Typing here needs scripts. In any terminal: <code>cliai attach ada</code>");
  const [script = ""] = /\/assets\/\w+\/terminal\/type\.js/.exec(html) ?? [];
  const [, ...imported] = [...(await pageOf(script)).html.matchAll(/^import .* from "\.\/(.+)";$/gm)].map(
    ([, name = ""]) => script.replace("type.js", name),
  );
  expect(imported.map((path) => path.split("/").at(-1))).toEqual(["keyboard.js", "paste.js", "xterm.mjs"]);
  for (const path of [script, ...imported]) {
    const response = await web.app.request(path);
    expect([path, response.headers.get("content-type")]).toEqual([path, "text/javascript; charset=utf-8"]);
  }
  const [style = ""] = /\/assets\/\w+\/terminal\/type\.css/.exec(html) ?? [];
  expect((await pageOf(style)).html).toContain(".typed .xterm .xterm-bg-1{background-color:#8e2a24}");
});

test("an agent without a terminal says so, and the picture of one leads here", async () => {
  const { html } = await pageOf("/agents/bob/terminal/type");
  expect(html).toContain("bob runs without a terminal.");
  expect(html).not.toContain("typing-script");
});
