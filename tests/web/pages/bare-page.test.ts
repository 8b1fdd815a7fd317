import { expect, test } from "bun:test";
import { BarePage } from "../../../src/web/pages/bare-page.tsx";

test("BarePage() names what is wrong as a sentence, with the way in", () => {
  const error = { status: 401, code: "not_signed_in", message: "you are not signed in" } as const;
  const html = String(BarePage({ error }));
  expect(html).toContain("<title>You are not signed in · cliai</title>");
  expect(html).toContain('<h1 id="title-error">You are not signed in</h1>');
  expect(html).toContain("<code>cliai token url</code>");
  const refused = {
    status: 403,
    code: "refused",
    message: "the page is not ours",
    hint: "<open> it",
  } as const;
  expect(String(BarePage({ error: refused }))).toContain("<p>&lt;open&gt; it</p>");
});
