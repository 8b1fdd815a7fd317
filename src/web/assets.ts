// Serves the page's scripts, stylesheet and icons. Texts are imported as such and sent unchanged: no bundler, and no file is read at run
// time. Their addresses contain one hash of all files, so that browsers can cache them for ever and scripts import each other by name.
import { createHash } from "node:crypto";
import xtermStyle from "@xterm/xterm/css/xterm.css" with { type: "text" };
import xtermScript from "@xterm/xterm/lib/xterm.mjs" with { type: "text" };
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
import offlineScript from "./browser/install/offline.js" with { type: "text" };
import pushScript from "./browser/install/push.js" with { type: "text" };
import thisDeviceScript from "./browser/install/this-device.js" with { type: "text" };
import workerScript from "./browser/install/worker.js" with { type: "text" };
import actsScript from "./browser/keys/acts.js" with { type: "text" };
import chosenItemScript from "./browser/keys/chosen-item.js" with { type: "text" };
import followScript from "./browser/keys/follow.js" with { type: "text" };
import helpScript from "./browser/keys/help.js" with { type: "text" };
import itemsScript from "./browser/keys/items.js" with { type: "text" };
import keyTableScript from "./browser/keys/key-table.js" with { type: "text" };
import keysStyle from "./browser/keys/keys.css" with { type: "text" };
import keysScript from "./browser/keys/keys.js" with { type: "text" };
import pagesScript from "./browser/keys/pages.js" with { type: "text" };
import paletteScript from "./browser/keys/palette.js" with { type: "text" };
import palettePlacesScript from "./browser/keys/palette-places.js" with { type: "text" };
import readKeyScript from "./browser/keys/read-key.js" with { type: "text" };
import layoutStyle from "./browser/layout.css" with { type: "text" };
import holdScript from "./browser/live/hold.js" with { type: "text" };
import inFrontScript from "./browser/live/in-front.js" with { type: "text" };
import keepSightScript from "./browser/live/keep-sight.js" with { type: "text" };
import localTimesScript from "./browser/live/local-times.js" with { type: "text" };
import otherEventsScript from "./browser/live/other-events.js" with { type: "text" };
import showNewScript from "./browser/live/show-new.js" with { type: "text" };
import spokenLogScript from "./browser/live/spoken-log.js" with { type: "text" };
import morphScript from "./browser/morph.js" with { type: "text" };
import newRequestsScript from "./browser/new-requests.js" with { type: "text" };
import pageScript from "./browser/page.js" with { type: "text" };
import patchScript from "./browser/patch.js" with { type: "text" };
import localZoneScript from "./browser/reports/local-zone.js" with { type: "text" };
import reportsStyle from "./browser/reports/reports.css" with { type: "text" };
import sayScript from "./browser/say.js" with { type: "text" };
import searchStyle from "./browser/search.css" with { type: "text" };
import streamScript from "./browser/stream.js" with { type: "text" };
import drawScript from "./browser/terminal/draw.js" with { type: "text" };
import keyboardScript from "./browser/terminal/keyboard.js" with { type: "text" };
import pasteScript from "./browser/terminal/paste.js" with { type: "text" };
import typeStyle from "./browser/terminal/type.css" with { type: "text" };
import typeScript from "./browser/terminal/type.js" with { type: "text" };
import transcriptStyle from "./browser/transcript.css" with { type: "text" };
import { iconFile, iconNames, manifestJson, manifestName } from "./install/manifest.ts";
import changesStyle from "./pages/changes/changes.css" with { type: "text" };
import { terminalStylesheet, typedColours } from "./terminal-style.ts";

/** Its scope is the whole site, and not only its own folder. */
const workerName = "install/worker.js";

const files: ReadonlyMap<string, string> = new Map([
  ["age.js", ageScript],
  ["forms/answers.js", answersScript],
  ["forms/armed.js", armedScript],
  ["forms/drafts.js", draftsScript],
  ["fleet/chosen.js", chosenScript],
  ["fleet/targets.js", targetsScript],
  ["fleet/views.js", viewsScript],
  ["live/hold.js", holdScript],
  ["keys/acts.js", actsScript],
  ["keys/chosen-item.js", chosenItemScript],
  ["keys/follow.js", followScript],
  ["keys/help.js", helpScript],
  ["keys/items.js", itemsScript],
  ["keys/key-table.js", keyTableScript],
  ["keys/keys.js", keysScript],
  ["keys/pages.js", pagesScript],
  ["keys/palette.js", paletteScript],
  ["keys/palette-places.js", palettePlacesScript],
  ["keys/read-key.js", readKeyScript],
  ["live/in-front.js", inFrontScript],
  ["live/keep-sight.js", keepSightScript],
  ["live/local-times.js", localTimesScript],
  ["live/other-events.js", otherEventsScript],
  ["live/show-new.js", showNewScript],
  ["install/offline.js", offlineScript],
  ["install/push.js", pushScript],
  ["install/this-device.js", thisDeviceScript],
  [workerName, workerScript],
  ["live/spoken-log.js", spokenLogScript],
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
  ["terminal/draw.js", drawScript],
  ["terminal/keyboard.js", keyboardScript],
  ["terminal/paste.js", pasteScript],
  ["terminal/type.css", [xtermStyle, typeStyle, typedColours].join("\n")],
  ["terminal/type.js", typeScript],
  ["terminal/xterm.mjs", xtermScript],
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
      changesStyle,
      inboxStyle,
      formsStyle,
      searchStyle,
      reportsStyle,
      keysStyle,
    ].join("\n"),
  ],
]);

/** A hash over all asset files. */
export const assetsVersion = createHash("sha256")
  .update([...files].flat().join("\0"))
  .update(iconFile("icon.svg") ?? "")
  .digest("hex")
  .slice(0, 16);

const folder = `/assets/${assetsVersion}/`;

export type AssetName =
  | "page.js"
  | "style.css"
  | "terminal.css"
  | "terminal/type.css"
  | "terminal/type.js"
  | "install/offline.js"
  | "icon.svg"
  | "icon-touch.png"
  | typeof manifestName;

export function assetPath(name: AssetName): string {
  return folder + name;
}

/** The files that a browser also asks for without a cookie: those of pages for somebody who is not signed in, and what installing needs. */
export const openAssetPaths: readonly string[] = [
  ...["style.css", "install/offline.js", manifestName, ...iconNames].map((name) => folder + name),
];

const types: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  mjs: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  webmanifest: "application/manifest+json",
};

export function createAssets(): Hono {
  const assets = new Hono();
  assets.get("/assets/:version/:name{.+}", (c) => {
    const { version, name } = c.req.param();
    const file = version === assetsVersion ? findFile(name) : undefined;
    if (file === undefined) return c.notFound();
    if (name === workerName) c.header("Service-Worker-Allowed", "/");
    return c.body(file, 200, {
      "Content-Type": types[name.split(".").at(-1) ?? ""] ?? "application/octet-stream",
      "Cache-Control": "public, max-age=31536000, immutable",
    });
  });
  return assets;
}

function findFile(name: string): string | Uint8Array<ArrayBuffer> | undefined {
  return name === manifestName ? manifestJson(folder) : (files.get(name) ?? iconFile(name));
}
