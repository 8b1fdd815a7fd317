/** @jsxImportSource hono/jsx */
// Pages for somebody who is not let in: their frame, and the error page. They tell nothing about the fleet.
import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import type { HttpError } from "../api/http-errors.ts";
import { type AssetName, assetPath } from "../assets.ts";
import { capitalized } from "./capitalized.ts";

export interface BareFrameProps {
  readonly title: string;
  readonly script?: AssetName;
  readonly children: Child;
}

export function BareFrame({ title, script, children }: BareFrameProps) {
  return (
    <>
      {raw("<!doctype html>")}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>{title} · cliai</title>
          <link rel="icon" href="data:," />
          <link rel="stylesheet" href={assetPath("style.css")} />
          {script !== undefined && <script type="module" src={assetPath(script)} />}
        </head>
        <body>
          <main id="main">{children}</main>
        </body>
      </html>
    </>
  );
}

export function BarePage({ error: { status, message, hint } }: { readonly error: HttpError }) {
  const title = capitalized(message);
  return (
    <BareFrame title={title}>
      <section class="empty" aria-labelledby="title-error">
        <p class="quiet">{status}</p>
        <h1 id="title-error">{title}</h1>
        {status === 401 ? <SignIn /> : hint !== undefined && <p>{capitalized(hint)}</p>}
      </section>
    </BareFrame>
  );
}

function SignIn() {
  return (
    <>
      <p>
        Only the person who runs this server sees its agents. To sign this browser in, run in a terminal
        there:
      </p>
      <p>
        <code>cliai token url</code>
      </p>
      <p>and open the address that it prints. It works once, for ten minutes.</p>
      <p>
        <a href="/">Try again</a>
      </p>
    </>
  );
}
