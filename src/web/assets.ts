// Serves the page's scripts and stylesheet. They are imported as text and sent unchanged: no bundler, and no file is read at run
// time. Their addresses contain one hash of all files, so that browsers can cache them for ever and scripts import each other by name.
import { createHash } from "node:crypto";
import { Hono } from "hono";
import ageScript from "./browser/age.js" with { type: "text" };
import agentStyle from "./browser/agent.css" with { type: "text" };
import baseStyle from "./browser/base.css" with { type: "text" };
import controlsStyle from "./browser/controls.css" with { type: "text" };
import chosenScript from "./browser/fleet/chosen.js" with { type: "text" };
import fleetFilterStyle from "./browser/fleet/filter.css" with { type: "text" };
import fleetTableStyle from "./browser/fleet/table.css" with { type: "text" };
import targetsScript from "./browser/fleet/targets.js" with { type: "text" };
import viewsScript from "./browser/fleet/views.js" with { type: "text" };
import fleetStyle from "./browser/fleet.css" with { type: "text" };
import answersScript from "./browser/forms/answers.js" with { type: "text" };
import armedScript from "./browser/forms/armed.js" with { type: "text" };
import draftsScript from "./browser/forms/drafts.js" with { type: "text" };
import needActsScript from "./browser/forms/need-acts.js" with { type: "text" };
import ordersScript from "./browser/forms/orders.js" with { type: "text" };
import postScript from "./browser/forms/post.js" with { type: "text" };
import questionsScript from "./browser/forms/questions.js" with { type: "text" };
import formsStyle from "./browser/forms.css" with { type: "text" };
import inboxStyle from "./browser/inbox.css" with { type: "text" };
import layoutStyle from "./browser/layout.css" with { type: "text" };
import keepSightScript from "./browser/live/keep-sight.js" with { type: "text" };
import localTimesScript from "./browser/live/local-times.js" with { type: "text" };
import showNewScript from "./browser/live/show-new.js" with { type: "text" };
import morphScript from "./browser/morph.js" with { type: "text" };
import newRequestsScript from "./browser/new-requests.js" with { type: "text" };
import pageScript from "./browser/page.js" with { type: "text" };
import patchScript from "./browser/patch.js" with { type: "text" };
import localZoneScript from "./browser/reports/local-zone.js" with { type: "text" };
import reportsStyle from "./browser/reports/reports.css" with { type: "text" };
import sayScript from "./browser/say.js" with { type: "text" };
import searchStyle from "./browser/search.css" with { type: "text" };
import streamScript from "./browser/stream.js" with { type: "text" };
import transcriptStyle from "./browser/transcript.css" with { type: "text" };
import { terminalStylesheet } from "./terminal-style.ts";

const files: ReadonlyMap<string, string> = new Map([
  ["age.js", ageScript],
  ["forms/answers.js", answersScript],
  ["forms/armed.js", armedScript],
  ["forms/drafts.js", draftsScript],
  ["fleet/chosen.js", chosenScript],
  ["fleet/targets.js", targetsScript],
  ["fleet/views.js", viewsScript],
  ["live/keep-sight.js", keepSightScript],
  ["live/local-times.js", localTimesScript],
  ["live/show-new.js", showNewScript],
  ["morph.js", morphScript],
  ["new-requests.js", newRequestsScript],
  ["forms/need-acts.js", needActsScript],
  ["forms/orders.js", ordersScript],
  ["page.js", pageScript],
  ["patch.js", patchScript],
  ["forms/post.js", postScript],
  ["forms/questions.js", questionsScript],
  ["reports/local-zone.js", localZoneScript],
  ["say.js", sayScript],
  ["stream.js", streamScript],
  ["terminal.css", terminalStylesheet],
  [
    "style.css",
    [
      baseStyle,
      layoutStyle,
      controlsStyle,
      fleetStyle,
      fleetFilterStyle,
      fleetTableStyle,
      agentStyle,
      transcriptStyle,
      inboxStyle,
      formsStyle,
      searchStyle,
      reportsStyle,
    ].join("\n"),
  ],
]);

/** A hash over all asset files. */
export const assetsVersion = createHash("sha256")
  .update([...files].flat().join("\0"))
  .digest("hex")
  .slice(0, 16);

export function assetPath(name: "page.js" | "style.css" | "terminal.css"): string {
  return `/assets/${assetsVersion}/${name}`;
}

export function createAssets(): Hono {
  const assets = new Hono();
  assets.get("/assets/:version/:name{.+}", (c) => {
    const { version, name } = c.req.param();
    const text = version === assetsVersion ? files.get(name) : undefined;
    if (text === undefined) return c.notFound();
    return c.body(text, 200, {
      "Content-Type": name.endsWith(".css") ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8",
      "Cache-Control": "public, max-age=31536000, immutable",
    });
  });
  return assets;
}
