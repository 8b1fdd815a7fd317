/** @jsxImportSource hono/jsx */
// The forms that act on what needs a person and is no request.
import type { Hono } from "hono";
import { CliaiError } from "../../../domain/text/errors.ts";
import { callerOf, signedBy } from "../../access/caller.ts";
import { wantsJson } from "../../api/http-errors.ts";
import { actOnNeed, needActFromForm, resultsText } from "../../api/need-acts.ts";
import { requireReady } from "../../api/orders.ts";
import { readForm } from "../../api/read-form.ts";
import { type PagesOptions, showPage } from "../show-page.tsx";

export function registerNeedRoutes(pages: Hono, options: PagesOptions): void {
  const { server, away } = options;

  pages.post("/needs", async (c) => {
    const form = await readForm(c);
    const act = needActFromForm(form);
    if (act.act === "remove" && callerOf(c) !== undefined) {
      throw new CliaiError("refused", "only the operator's own browser removes agents", {
        hint: `in a terminal: cliai agents remove ${act.agents[0]}`,
      });
    }
    requireReady(server);
    const results = await actOnNeed(server, away, act, signedBy(c, "page"));
    if (wantsJson(c)) return c.json({ results, said: resultsText(results) });
    const isOfAgent = form.back === `/agents/${act.agents[0]}` && act.act !== "remove";
    const back = isOfAgent ? `/agents/${act.agents[0]}` : "/inbox";
    if (results.every((result) => !("error" in result))) return c.redirect(back, 303);
    return showPage(c, options, {
      title: "Results",
      body: (
        <>
          <h1>Results</h1>
          <ul class="results">
            {results.map((result) => (
              <li>
                <b>{result.agent_id}</b>
                <p class={"error" in result ? "attention" : "quiet"}>
                  {"error" in result ? result.error.message : result.said}
                </p>
                {"error" in result && result.error.hint !== undefined && <p>{result.error.hint}</p>}
              </li>
            ))}
          </ul>
          <p>
            <a href={back}>Back</a>
          </p>
        </>
      ),
    });
  });
}
