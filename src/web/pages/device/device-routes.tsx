/** @jsxImportSource hono/jsx */
// This room holds the pages about the device that a person holds: whether it can install the dashboard, and what it shows without a server.
//
// Their addresses.
import type { Hono } from "hono";
import { callerOf } from "../../access/caller.ts";
import { type PagesOptions, showPage } from "../show-page.tsx";
import { OfflinePage } from "./offline-page.tsx";
import { PhonePage } from "./phone-page.tsx";

export function registerDeviceRoutes(pages: Hono, options: PagesOptions): void {
  // The service worker keeps this page. It is open to everybody.
  pages.get("/offline", (c) => c.html(<OfflinePage />));

  pages.get("/phone", (c) =>
    showPage(c, options, {
      title: "This device",
      body: <PhonePage caller={callerOf(c)} />,
    }),
  );
}
