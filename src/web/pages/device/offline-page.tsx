/** @jsxImportSource hono/jsx */
// The page that the service worker shows, at any address, when the server cannot be reached.
import { BareFrame } from "../bare-page.tsx";

export function OfflinePage() {
  return (
    <BareFrame title="no connection" script="install/offline.js">
      <section class="empty" aria-labelledby="title-offline">
        <h1 id="title-offline">No connection to cliai</h1>
        <p>
          The server has ended, or this device cannot reach it. Agents go on with what they do, but you do not
          see it, and nothing can be sent to them from here.
        </p>
        <p class="quiet" role="status">
          This page tries again by itself, and opens the page that you wanted as soon as the server answers.
        </p>
        <p>
          <button type="button" id="again">
            Try again now
          </button>
        </p>
        <p class="quiet">
          If it does not come back: on the machine of the server, <code>cliai serve --detach</code> starts it.
        </p>
      </section>
    </BareFrame>
  );
}
