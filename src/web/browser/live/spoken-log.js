// What screen readers are told of the fleet, when they have said what they are saying: the news of the last seconds and the counts, so
// seldom that they do not talk all the time. What needs the person is spoken at once instead: see new-requests.js.

/** At most so much news is spoken by name; the rest is counted. */
const namedAtOnce = 3;
/** At most so many entries stay, for who reads back. */
const keptEntries = 20;

/** Call its `speak` from time to time. */
export function createSpokenLog() {
  /** The last news of each agent. @type {Map<string, string>} */
  const waiting = new Map();
  let counts = countsText();
  return {
    /** @param {Readonly<Record<string, string>>} news what has become of agents, by their ids */
    note(news) {
      for (const [id, words] of Object.entries(news)) waiting.set(id, `${id} ${words}`);
    },
    speak() {
      const present = countsText();
      const text = logText([...waiting.values()], present === counts ? "" : present);
      waiting.clear();
      counts = present;
      const log = document.querySelector("#announce");
      if (log === null || text === "") return;
      const entry = document.createElement("p");
      entry.textContent = text;
      log.append(entry);
      while (log.children.length > keptEntries) log.firstElementChild?.remove();
    },
  };
}

/** @param {readonly string[]} news @param {string} counts "" if they have not changed */
export function logText(news, counts) {
  const more = news.length - namedAtOnce;
  const others = more > 0 ? [`${more} other ${more === 1 ? "agent has" : "agents have"} changed`] : [];
  return [...news.slice(0, namedAtOnce), ...others, ...(counts === "" ? [] : [counts])].join(". ");
}

function countsText() {
  return document.querySelector("#counts")?.textContent ?? "";
}
