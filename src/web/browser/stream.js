// The page's event stream: opened, watched, opened again for ever. Says when it is live and when it is lost.

/**
 * @typedef {object} StreamListener
 * @property {(hello: { assets: string, now: string }) => void} onHello
 * @property {(patch: { now: string, html: string[] }) => void} onPatch
 * @property {() => void} onLost
 */

/** The server says something every 10 s; after this long a silent connection counts as dead. */
const silenceMs = 25_000;
const retryMs = 1_000;

/**
 * @param {string} address
 * @param {StreamListener} listener
 */
export function openStream(address, { onHello, onPatch, onLost }) {
  const url = new URL(address, location.href);
  /** @type {EventSource | undefined} */
  let source;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const open = () => {
    source?.close();
    source = new EventSource(url);
    source.addEventListener("hello", (event) => heard(() => onHello(JSON.parse(event.data))));
    source.addEventListener("ping", () => heard(() => {}));
    source.addEventListener("patch", (event) =>
      heard(() => {
        onPatch(JSON.parse(event.data));
        // Where to go on from when this browser gives up and a new stream has to be opened.
        url.searchParams.set("since", event.lastEventId);
      }),
    );
    source.addEventListener("error", () => {
      onLost();
      if (source?.readyState !== EventSource.CLOSED) return;
      openIn(retryMs);
      reloadIfSignedOut();
    });
    expectWord();
  };
  /** A refused stream does not say why; where we are signed out, the page itself says what to do. */
  const reloadIfSignedOut = async () => {
    const response = await fetch(url, { method: "HEAD" }).catch(() => undefined); // lost altogether: tried again anyway
    if (response?.status === 401) location.reload();
  };
  const openIn = (/** @type {number} */ ms) => {
    clearTimeout(timer);
    timer = setTimeout(open, ms);
  };
  const expectWord = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      onLost();
      open();
    }, silenceMs);
  };
  const heard = (/** @type {() => void} */ act) => {
    expectWord();
    act();
  };

  open();
  // A page that is kept for the way back must not keep its connection: browsers allow but six to one server.
  addEventListener("pagehide", () => {
    clearTimeout(timer);
    source?.close();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });
}
