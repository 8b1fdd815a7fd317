// Hands the events of the page's stream that are for the typing page to its script, also those that came before that script was there.

/** The events of its stream that are for that script alone. */
export const otherEvents = ["link", "screen", "end"];

/** @type {[name: string, data: any][]} */
let waiting = [];
/** @type {Readonly<Record<string, (data: any) => void>> | undefined} */
let takers;

/** @param {string} name @param {any} [data] */
export function handOn(name, data) {
  if (takers === undefined) waiting.push([name, data]);
  else takers[name]?.(data);
}

/** @param {Readonly<Record<string, (data: any) => void>>} them what to do with each event, by its name; `lost` when the stream is lost */
export function takeOthers(them) {
  takers = them;
  const missed = waiting;
  waiting = [];
  for (const [name, data] of missed) handOn(name, data);
}
