// This room holds the pages: one file a page, and what keeps an open page up to date.
//
// Registers the addresses of all pages and their forms. They work without scripts; with scripts, an event stream updates them.
import { Hono } from "hono";
import { registerChangesRoutes } from "./changes/changes-routes.tsx";
import { registerGitRoutes } from "./changes/git-routes.tsx";
import { registerCostsRoutes } from "./costs/costs-routes.tsx";
import { registerDeviceRoutes } from "./device/device-routes.tsx";
import { registerMessagesRoutes } from "./messages/messages-routes.tsx";
import { registerReportRoutes } from "./report/report-routes.tsx";
import { registerAgentRoutes } from "./routes/agent-routes.tsx";
import { registerAnswerLinkRoutes } from "./routes/answer-link-routes.tsx";
import { registerBulkRoutes } from "./routes/bulk-routes.tsx";
import { registerEventRoutes } from "./routes/event-routes.ts";
import { registerInFrontRoutes } from "./routes/in-front-routes.ts";
import { registerInboxRoutes } from "./routes/inbox-routes.tsx";
import { registerNeedRoutes } from "./routes/need-routes.tsx";
import { registerPaletteRoutes } from "./routes/palette-routes.ts";
import { registerSearchRoutes } from "./routes/search-routes.tsx";
import { registerSpawnRoutes } from "./routes/spawn-routes.tsx";
import { registerTerminalRoutes } from "./routes/terminal-routes.tsx";
import { registerRulesRoutes } from "./rules/rules-routes.tsx";
import type { PagesOptions } from "./show-page.tsx";
import { registerSystemRoutes } from "./system/system-routes.tsx";
import { registerTimelineRoutes } from "./timeline/timeline-routes.tsx";

export function createPages(options: PagesOptions): Hono {
  const pages = new Hono();
  registerAgentRoutes(pages, options);
  registerChangesRoutes(pages, options);
  registerGitRoutes(pages, options);
  registerInboxRoutes(pages, options);
  registerAnswerLinkRoutes(pages, options);
  registerNeedRoutes(pages, options);
  registerPaletteRoutes(pages, options);
  registerSearchRoutes(pages, options);
  registerSpawnRoutes(pages, options);
  registerBulkRoutes(pages, options);
  registerCostsRoutes(pages, options);
  registerReportRoutes(pages, options);
  registerTimelineRoutes(pages, options);
  registerMessagesRoutes(pages, options);
  registerRulesRoutes(pages, options);
  registerSystemRoutes(pages, options);
  registerTerminalRoutes(pages, options);
  registerDeviceRoutes(pages, options);
  registerEventRoutes(pages, options);
  registerInFrontRoutes(pages, options);
  return pages;
}
