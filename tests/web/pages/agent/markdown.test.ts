// Texts of models as markdown: what is shown of them, and that none of them becomes more than words and harmless links.
import { describe, expect, test } from "bun:test";
import { createMarkdown } from "../../../../src/web/pages/agent/markdown.tsx";

const html = (text: string) => String(createMarkdown()(text));
/** The names of all elements. */
const elements = (text: string) => [...html(text).matchAll(/<([a-z][\w-]*)/g)].map(([, name]) => name);

describe("createMarkdown()", () => {
  test("shows headings, lists, tables, code and emphasis", () => {
    expect(html("# Plan\n\n- one\n- **two**\n\n1. first")).toBe(
      '<div class="markdown"><p class="md-heading">Plan</p><ul><li>one</li><li><strong>two</strong></li></ul><ol start="1"><li>first</li></ol></div>',
    );
    expect(html("| a | b |\n|---|---|\n| 1 | `2` |")).toContain("<td><code>2</code></td>");
    expect(html("```sh\nls <dir> && rm\n```")).toContain(
      "<pre><code>ls &lt;dir&gt; &amp;&amp; rm</code></pre>",
    );
    expect(html("- [x] done\n- [ ] open")).toContain("☑ done");
  });

  test.each([
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "text <b onclick='x()'>bold</b> text",
    "<!-- comment --><style>*{display:none}</style>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe src='//example.com'></iframe>",
    "<form action='/agents/ada/commands' method='post'><button>stop</button></form>",
    "</div></li></ol><h1>You are signed out</h1>",
    '<div id="counts" class="say">x</div>',
  ])("HTML is shown as text: %s", (text) => {
    expect(new Set(elements(text)).difference(new Set(["div", "p"])).size).toBe(0);
    expect(html(text).match(/<div/g)).toHaveLength(1);
    expect(html(text)).toContain("&lt;");
  });

  test.each([
    ["[x](javascript:alert(1))", "x (javascript:alert(1))"],
    ["[x](JaVaScRiPt:alert(1))", "x (JaVaScRiPt:alert(1))"],
    ["[x](data:text/html,hi)", "x (data:text/html,hi)"],
    ["[x](/agents/ada/commands)", "x (/agents/ada/commands)"],
    ["[x](//example.com)", "x (//example.com)"],
    ["[x](vbscript:x)", "x (vbscript:x)"],
  ])("an address that is not http, https or mailto is no link: %s", (text, shown) => {
    expect(elements(text)).toEqual(["div", "p"]);
    expect(html(text)).toContain(shown);
  });

  test("a link tells the other site nothing, and has no attribute but ours", () => {
    expect(html('[x](https://example.com/?a="b "t\\" onclick=\\"y")')).not.toMatch(/<a [^>]*onclick/);
    expect(html("[x](https://example.com 'title')")).toContain(
      '<a href="https://example.com" rel="noreferrer noopener nofollow" target="_blank">x</a>',
    );
    expect(html('[x](https://example.com/"onmouseover="alert(1))')).not.toContain('" onmouseover');
  });

  test("an image is a link, so that nothing is loaded", () => {
    expect(elements("![chart](https://example.com/x.png)")).toEqual(["div", "p", "a"]);
    expect(html("![chart](https://example.com/x.png)")).toContain("image: chart");
    expect(elements("![x](data:image/png;base64,AAAA)")).toEqual(["div", "p"]);
  });

  test("a text that is long, or nested without an end, is shown as it is", () => {
    expect(html("*x* ".repeat(4_000))).toStartWith('<div class="plain-text">');
    for (const text of [">".repeat(7_000), "> ".repeat(3_000), "*a **b ".repeat(900)])
      expect(html(text).length).toBeGreaterThan(100);
  });

  test("a page has a limit for the time that its texts take together", () => {
    const markdown = createMarkdown(0);
    expect(String(markdown("*x*"))).toBe('<div class="plain-text">*x*</div>');
  });
});
