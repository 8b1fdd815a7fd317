// What the palette offers for what was typed. Pure.
import { pages } from "./pages.js";

/**
 * @typedef {object} Agent as the server lists it
 * @property {string} id
 * @property {string} words its state, its project, its tags
 * @property {true} [needs] whether it needs a person
 * @property {true} [paused]
 * @property {true} [away] whether it takes no control order
 */

/**
 * @typedef {object} Place
 * @property {string} name
 * @property {string} words
 * @property {string} href
 * @property {boolean} [acts] whether its page has a form that acts; the form names the agents, and asks
 */

/** At most so many are offered at once. */
export const mostPlaces = 13;
/** For so few agents, what can be done with each is offered, too. */
const mostWithActs = 3;

/** @type {readonly Place[]} */
const ofPages = pages.map(({ key, href, name }) => ({ name, href, words: `page · g ${key}` }));
/** @type {readonly Place[]} */
const others = [
  { name: "Search", href: "/search", words: "page · what agents said and did" },
  { name: "Standing rules", href: "/rules", words: "page · what is approved without asking" },
  { name: "Spawn an agent", href: "/spawn", words: "a form", acts: true },
  { name: "Pause all agents …", href: "/bulk/pause", words: "names them and asks", acts: true },
  { name: "Resume all agents …", href: "/bulk/resume", words: "names them and asks", acts: true },
  { name: "Stop all agents …", href: "/bulk/stop", words: "names them and asks", acts: true },
];

/**
 * Each word that was typed has to be in a place's name or words. Names that begin with what was typed come first; among equal agents, those
 * that need a person.
 * @param {readonly Agent[]} agents
 * @param {string} typed
 * @returns {{ places: readonly Place[], more: number }} the places, and how many more match
 */
export function findPlaces(agents, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (/** @type {Place} */ { name, words: more }) => {
    const text = `${name} ${more}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const known = agents.map((agent) => ({ agent, place: placeOf(agent) })).filter(({ place }) => fits(place));
  // What can be done with an agent is offered by its name too: "stop ada".
  const ofFew = namedAgents(agents, words);
  const acts = (ofFew.length <= mostWithActs ? ofFew : []).flatMap(actsOf).filter(fits);
  const found = [
    ...(words.length === 0 ? ofPages : []),
    ...known
      .sort((one, other) => rank(other.agent, words) - rank(one.agent, words))
      .map(({ place }) => place),
    ...acts,
    ...[...(words.length === 0 ? [] : ofPages), ...others]
      .filter(fits)
      .sort((one, other) => begins(other.name, words) - begins(one.name, words)),
  ];
  const search = { name: `Search for “${typed.trim()}”`, words: "in all that was said and done" };
  const last =
    words.length === 0 ? [] : [{ ...search, href: `/search?text=${encodeURIComponent(typed.trim())}` }];
  const places = [...found.slice(0, mostPlaces - last.length), ...last];
  return { places, more: found.length + last.length - places.length };
}

/** @param {Agent} agent @returns {Place} */
function placeOf({ id, words }) {
  return { name: id, words, href: `/agents/${id}` };
}

/** @param {Agent} agent @returns {Place[]} */
function actsOf({ id, paused, away }) {
  const looks = [
    { name: `${id}: transcript`, words: "its conversation", href: `/agents/${id}/transcript` },
    { name: `${id}: terminal`, words: "its screen", href: `/agents/${id}/terminal` },
    { name: `${id}: task …`, words: "a form", href: `/agents/${id}#task-text` },
  ];
  if (away === true) return looks;
  const [act, name] = paused === true ? ["resume", "Resume"] : ["pause", "Pause"];
  const asks = { words: "asks first", acts: true };
  return [
    ...looks,
    { name: `${name} ${id} …`, href: `/bulk/${act}?agents=${id}`, ...asks },
    { name: `Stop ${id} …`, href: `/bulk/stop?agents=${id}`, ...asks },
  ];
}

/** The agents whose id begins with a word; without one, those that have a word in it. @param {readonly Agent[]} agents @param {readonly string[]} words */
function namedAgents(agents, words) {
  const beginning = agents.filter(({ id }) => words.some((word) => id.toLowerCase().startsWith(word)));
  if (beginning.length > 0) return beginning;
  return agents.filter(({ id }) => words.some((word) => id.toLowerCase().includes(word)));
}

/** @param {Agent} agent @param {readonly string[]} words */
function rank({ id, needs }, words) {
  return begins(id, words) * 2 + (needs === true ? 1 : 0);
}

/** @param {string} name @param {readonly string[]} words @returns {number} 1 if the name begins with the first word */
function begins(name, [first = ""]) {
  return first !== "" && name.toLowerCase().startsWith(first) ? 1 : 0;
}
