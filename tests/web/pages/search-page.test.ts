// The page of the search, and its API, over a search that answers as it is told.
import { expect, test } from "bun:test";
import { CliaiError } from "../../../src/domain/text/errors.ts";
import type { SearchAnswer, SearchAsk, SearchDesk } from "../../../src/search/search.ts";
import { startTestApp } from "../test-app.ts";

const nothing: SearchAnswer = {
  hits: [],
  ...{
    more: 0,
    more_at_least: false,
    searched_since: "2026-05-01T08:00:00.000Z",
    older_are: null,
    waiting: 0,
  },
};
const found: SearchAnswer = {
  ...nothing,
  hits: [
    {
      ...{ stream: "AUDIT", seq: 7, at: "2026-05-03T13:00:00.000Z", agent_id: "ada", kind: "tool_start" },
      snippet: [{ text: "says " }, { text: "no answer", hit: true }, { text: " to <script>" }],
    },
  ],
  more: 1_000,
  more_at_least: true,
  older_are: "removed",
  waiting: 3,
};

function deskOf(answer: (ask: SearchAsk) => SearchAnswer) {
  const asked: SearchAsk[] = [];
  const desk: SearchDesk = {
    async search(ask) {
      asked.push(ask);
      return answer(ask);
    },
    forget: async () => 0,
    stop: async () => undefined,
  };
  return { desk, asked };
}

function answerTo({ text }: SearchAsk): SearchAnswer {
  if (text === '"open') throw new CliaiError("usage", "a quotation mark is not closed", { hint: "close it" });
  return text === "answer" ? found : nothing;
}

test("/search > shows a form, what was found with the words marked, and what was not searched", async () => {
  const { desk, asked } = deskOf(answerTo);
  await using web = await startTestApp({ search: desk });
  const page = async (path: string, accept = "text/html") => {
    const response = await web.app.request(path, { headers: { accept } });
    return { status: response.status, html: await response.text() };
  };

  const empty = await page("/search");
  expect(empty).toMatchObject({ status: 200 });
  expect(empty.html).toContain('method="get" action="/search"');
  expect(empty.html).toContain("Everything that is kept");
  expect(asked).toEqual([]);

  const { html } = await page("/search?text=answer&agent=ada&kind=&since=1d&project=");
  expect(asked).toMatchObject([{ text: "answer", agent: "ada" }]);
  expect(html).toContain("<mark>no answer</mark> to &lt;script&gt;");
  expect(html).toContain('<a href="/agents/ada/transcript?since=2026-05-03T12:59:55.000Z">ada</a>');
  expect(html).toContain("1,001 or more records, newest first");
  expect(html).toContain("3 records are not in the index yet");
  expect(html).toMatch(
    /Searched back to <time data-moment[^>]*>2026-05-01 08:00:00 UTC<\/time>\. Records before that are not kept any more\./,
  );
  expect(html).toMatch(/href="\/search\?[^"]*text=answer[^"]*limit=5"/);
  expect(html).toContain('value="ada"');
  expect(html).toMatch(/<option value="1d" selected/);

  expect((await page("/search?text=else&agent=ada")).html).toContain("Widen the filters");
  expect((await page("/search?text=else")).html).toContain("Nothing found");

  const wrong = await page("/search?text=%22open");
  expect(wrong.status).toBe(400);
  expect(wrong.html).toContain("<b>a quotation mark is not closed</b>; close it");
  expect(wrong.html).toContain('value="&quot;open"');
  expect(await page("/search?text=x&since=soon")).toMatchObject({ status: 400 });

  expect(JSON.parse((await page("/api/search?text=answer")).html)).toEqual(found);
  const refused = await page("/api/search?text=%22open");
  expect(refused.status).toBe(400);
  expect(JSON.parse(refused.html)).toEqual({
    error: { code: "usage", message: "a quotation mark is not closed", hint: "close it" },
  });
});

test("/search > an entry of a removed agent is marked, and does not lead to the agent that has its name now", async () => {
  const [hit] = found.hits;
  if (hit === undefined) throw new Error("no hit");
  const removed = { ...found, hits: [{ ...hit, stream: "TRANSCRIPTS", of_removed: true as const }] };
  await using web = await startTestApp({ search: deskOf(() => removed).desk });
  const html = await (
    await web.app.request("/search?text=answer", { headers: { accept: "text/html" } })
  ).text();
  expect(html).toContain(">ada, removed</span>");
  expect(html).not.toContain('href="/agents/ada/transcript');
});

test("/search > says how to turn the search on", async () => {
  await using web = await startTestApp();
  const response = await web.app.request("/search?text=x", { headers: { accept: "text/html" } });
  expect(response.status).toBe(403);
  expect(await response.text()).toContain("cliai serve --search-max-bytes 512MB");
});
