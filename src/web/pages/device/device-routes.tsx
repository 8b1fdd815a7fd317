/** @jsxImportSource hono/jsx */
// This room holds the pages about the device that a person holds: whether it can install the dashboard, and what it shows without a server.
//
// Their addresses.
import type { Hono } from "hono";
import * as v from "valibot";
import { CliaiError } from "../../../domain/text/errors.ts";
import { callerOf } from "../../access/caller.ts";
import { readForm } from "../../api/read-form.ts";
import { type PagesOptions, showPage } from "../show-page.tsx";
import { OfflinePage } from "./offline-page.tsx";
import { PhonePage } from "./phone-page.tsx";
import { type PushDesk, SubscriptionSchema } from "./push-desk.ts";

function notASubscription(): CliaiError {
  return new CliaiError("message_invalid", "the form is no subscription to push messages", {
    hint: "it needs endpoint, p256dh, auth and server_key",
  });
}

function requirePush({ push }: PagesOptions): PushDesk {
  if (push === undefined) throw new CliaiError("refused", "this server sends no push messages");
  return push;
}

export function registerDeviceRoutes(pages: Hono, options: PagesOptions): void {
  // The service worker keeps this page. It is open to everybody.
  pages.get("/offline", (c) => c.html(<OfflinePage />));

  pages.get("/phone", (c) =>
    showPage(c, options, {
      title: "This device",
      body: <PhonePage caller={callerOf(c)} pushKey={options.push?.publicKey} />,
    }),
  );

  pages.post("/phone/push", async (c) => {
    const subscription = v.safeParse(SubscriptionSchema, await readForm(c));
    if (!subscription.success) throw notASubscription();
    await requirePush(options).add(subscription.output, callerOf(c));
    return c.json({ on: true });
  });

  pages.post("/phone/push/off", async (c) => {
    const { endpoint } = await readForm(c);
    if (typeof endpoint !== "string") throw notASubscription();
    await requirePush(options).remove(endpoint);
    return c.json({ on: false });
  });
}
