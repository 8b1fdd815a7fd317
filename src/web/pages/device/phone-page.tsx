/** @jsxImportSource hono/jsx */
// What this device may do here, and whether it can install the dashboard. The script shows the state that is true; without scripts none is known.
import type { Child } from "hono/jsx";
import type { Caller } from "../../access/caller.ts";

export interface PhonePageProps {
  readonly caller: Caller;
  /** For which the browser subscribes to push messages; undefined if this server sends none. */
  readonly pushKey: string | undefined;
}

export function PhonePage({ caller, pushKey }: PhonePageProps) {
  return (
    <div class="report">
      <h1>This device</h1>
      <section class="panel" aria-labelledby="title-rights">
        <h2 id="title-rights">What it may do</h2>
        {caller === undefined ? (
          <p>It is signed in as you: it may do everything.</p>
        ) : (
          <>
            <p>
              It is signed in as <b>{caller.name}</b>, and may: {caller.scopes.join(", ")}.
              {caller.expires_at !== undefined && ` This ends on ${caller.expires_at.slice(0, 10)}.`}
            </p>
            <p class="quiet">
              To sign it out at once, for example if it is lost: <code>cliai token revoke {caller.name}</code>
            </p>
          </>
        )}
      </section>
      <section class="panel" aria-labelledby="title-install">
        <h2 id="title-install">Install it</h2>
        <State of="unknown" shown>
          <p>Whether this browser can install the page is only known with scripts.</p>
        </State>
        <State of="ready">
          <p>
            The dashboard can be installed: in the browser's menu, choose <i>Install</i> or{" "}
            <i>Add to Home Screen</i>. It then opens like an app, and shows a page of its own when the server
            cannot be reached.
          </p>
        </State>
        <State of="installed">
          <p>It is installed.</p>
        </State>
        <State of="untrusted">
          <p>
            <b>Installing and push messages are off</b>, because this device does not trust the certificate of
            the server, for example because cliai has made it itself. Everything else works.
          </p>
          <p class="quiet">
            With a certificate that the device trusts, the page installs:{" "}
            <code>cliai serve --phone --tls-cert FILE --tls-key FILE</code>
          </p>
        </State>
        <State of="plain">
          <p>
            <b>Installing and push messages are off</b>, because this page is not sent over TLS. Everything
            else works.
          </p>
        </State>
        <State of="unable">
          <p>
            <b>Installing and push messages are off</b>, because this browser keeps no service worker. Some do
            not in a private window. Everything else works.
          </p>
        </State>
        <button type="button" id="install" hidden>
          Install
        </button>
      </section>
      {pushKey !== undefined && <PushPanel pushKey={pushKey} />}
    </div>
  );
}

/** The script shows it where there is a service worker. Where there is none, the panel above says why. */
function PushPanel({ pushKey }: { readonly pushKey: string }) {
  return (
    <section class="panel" aria-labelledby="title-push" data-push-key={pushKey} hidden>
      <h2 id="title-push">Push messages</h2>
      <PushState of="off">
        <p>
          This device can show a message when an agent needs you, also while the page is closed. It comes by
          the service of the browser's maker, encrypted for this device, so that nobody else reads it.
        </p>
        <button type="button" id="push-on" class="primary">
          Turn push messages on
        </button>
      </PushState>
      <PushState of="on">
        <p>
          They are on. This device is told what <code>push</code> in <code>notify.json</code> says; without
          it: who needs you, who is stuck or has an error, and when all are done. Not while you look at the
          page.
        </p>
        <button type="button" id="push-off">
          Turn push messages off
        </button>
      </PushState>
      <PushState of="denied">
        <p>
          This browser does not let the page show messages. You can allow it in its settings for this site.
        </p>
      </PushState>
      <PushState of="unable">
        <p>
          This browser takes no push messages here. On an iPhone or iPad, add the page to the Home Screen, and
          open it from there.
        </p>
      </PushState>
      <p id="push-said" role="status" />
    </section>
  );
}

function PushState({ of, children }: { of: string; children: Child }) {
  return (
    <div data-push-state={of} hidden>
      {children}
    </div>
  );
}

function State({ of, shown = false, children }: { of: string; shown?: boolean; children: Child }) {
  return (
    <div data-device-state={of} hidden={!shown}>
      {children}
    </div>
  );
}
