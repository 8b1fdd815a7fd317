/** @jsxImportSource hono/jsx */
// The page of the search. Its form is sent by GET, so the address of a result can be kept and passed on.
import type { Hono } from "hono";
import { CliaiError } from "../../../domain/text/errors.ts";
import { describeError, wantsJson } from "../../api/http-errors.ts";
import { searchAskFrom } from "../../api/search-query.ts";
import { SearchPage, type SearchPageProps } from "../search-page.tsx";
import { type PagesOptions, showPage, streamOf } from "../show-page.tsx";

export function registerSearchRoutes(pages: Hono, options: PagesOptions): void {
  const { server, search, now, log } = options;

  pages.get("/search", async (c) => {
    const given = c.req.query();
    const agents = server.fleet.list().map(({ agent_id }) => agent_id);
    const show = (result: Pick<SearchPageProps, "answer" | "error">) =>
      showPage(c, options, {
        title: given.text ? `${given.text} · search` : "Search",
        stream: streamOf(server, "other"),
        body: <SearchPage given={given} agents={agents} now={now()} {...result} />,
      });
    if ((given.text ?? "").trim() === "") return show({});
    try {
      return show({ answer: await search.search(searchAskFrom(given, now())) });
    } catch (error) {
      if (!(error instanceof CliaiError) || wantsJson(c)) throw error;
      // Show the form with what was typed, and what is wrong with it, instead of an error page.
      const described = describeError(error, log);
      c.status(described.status);
      return show({ error: described });
    }
  });
}
