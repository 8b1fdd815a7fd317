// Opens the page's event stream, watches it, and opens it again whenever it is lost. Reports when it is live and when it is lost.

/**
 * @typedef {object} StreamListener
 * @property {(hello: any) => void} onHello the first event, with what the server says of itself
 * @property {(patch: { now: string } & import("./patch.js").Patch) => boolean} [onPatch] returns whether the whole patch was applied
 * @property {() => void} onLost
 * @property {(seconds: number) => void} [onQuiet] the server is silent for longer than usual; called each second with how long. 0: it is heard again
 * @property {Readonly<Record<string, (data: any) => void>>} [events] what to do with other events, by their names
 */

/** A connection that is silent for this long counts as dead, because the server sends something every 10 s. */
const silenceMs = 25_000;
/** From so long a silence on, the page says since when it has heard nothing. */
const quietMs = 12_000;
const retryMs = 1_000;

/**
 * @param {string} address
 * @param {StreamListener} listener
 * @returns opens it again: at another address, or from the position of the last patch that was applied
 */
export function openStream(address, { onHello, onPatch, onLost, onQuiet, events = {} }) {
  let url = new URL(address, location.href);
  /** @type {EventSource | undefined} */
  let source;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let heardAtMs = performance.now();
  let isQuiet = false;

  const open = () => {
    source?.close();
    source = new EventSource(url);
    source.addEventListener("hello", (event) => heard(() => onHello(JSON.parse(event.data))));
    source.addEventListener("ping", () => heard(() => {}));
    source.addEventListener("patch", (event) =>
      heard(() => {
        const isApplied = onPatch?.(JSON.parse(event.data)) === true;
        // The position from which a new stream goes on, if this one is lost.
        if (isApplied && event.lastEventId !== "") url.searchParams.set("since", event.lastEventId);
      }),
    );
    for (const [name, act] of Object.entries(events))
      source.addEventListener(name, (event) => heard(() => act(JSON.parse(event.data))));
    source.addEventListener("error", () => {
      onLost();
      if (source?.readyState !== EventSource.CLOSED) return;
      openIn(retryMs);
      reloadIfSignedOut();
    });
    expectWord();
  };
  /** A refused stream does not say why. If the browser is signed out, reload: the page then says how to sign in. */
  const reloadIfSignedOut = async () => {
    const response = await fetch(url, { method: "HEAD" }).catch(() => undefined); // the server cannot be reached: the stream is tried again anyway
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
    heardAtMs = performance.now();
    if (isQuiet) onQuiet?.(0);
    isQuiet = false;
    expectWord();
    act();
  };

  open();
  setInterval(() => {
    const ms = performance.now() - heardAtMs;
    if (ms < quietMs) return;
    isQuiet = true;
    onQuiet?.(Math.floor(ms / 1_000));
  }, 1_000);
  // A page that the browser keeps for "back" must close its connection, because browsers allow only six to one server.
  addEventListener("pagehide", () => {
    clearTimeout(timer);
    source?.close();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });
  return (/** @type {string} */ other = "") => {
    if (other !== "") url = new URL(other, location.href);
    open();
  };
}
