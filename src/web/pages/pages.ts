// This room holds the pages: one file a page, and what keeps an open page up to date.
//
// The pages' addresses: what each shows, and the forms they send. Works without scripts; the stream keeps it live.
import { Hono } from "hono";
import { registerAgentRoutes } from "./routes/agent-routes.tsx";
import { registerBulkRoutes } from "./routes/bulk-routes.tsx";
import { registerEventRoutes } from "./routes/event-routes.ts";
import { registerInboxRoutes } from "./routes/inbox-routes.tsx";
import { registerSpawnRoutes } from "./routes/spawn-routes.tsx";
import type { PagesOptions } from "./show-page.tsx";

export function createPages(options: PagesOptions): Hono {
  const pages = new Hono();
  registerAgentRoutes(pages, options);
  registerInboxRoutes(pages, options);
  registerSpawnRoutes(pages, options);
  registerBulkRoutes(pages, options);
  registerEventRoutes(pages, options);
  return pages;
}
