// The stylesheet of the terminal page: its own rules, and one for each of the 256 colours of xterm.
import terminalStyle from "./pages/terminal/terminal.css" with { type: "text" };

/** The first 16 colours, as text and as ground, chosen for the dark ground of the page's terminal. */
export const text16 = [
  ...["#7d8796", "#ff7b72", "#7ee787", "#e3b341", "#79b8ff", "#d2a8ff", "#56d4dd", "#d5dae2"],
  ...["#8b95a5", "#ffa198", "#a5f3ad", "#f2cc60", "#a5d0ff", "#e2c5ff", "#8ae9ef", "#ffffff"],
];
const ground16 = [
  ...["#1d232c", "#8e2a24", "#1c6231", "#6f5200", "#1f4f9e", "#64378a", "#0e5b66", "#b9c1cc"],
  ...["#3a4350", "#b03a33", "#257a40", "#8a6700", "#2a63bf", "#7d48a8", "#15727f", "#eef1f5"],
];
const cube = [0, 95, 135, 175, 215, 255];

function fixedColour(colour: number): string {
  if (colour >= 232) return hexOf([0, 0, 0].map(() => 8 + 10 * (colour - 232)));
  const place = colour - 16;
  return hexOf([Math.floor(place / 36), Math.floor(place / 6) % 6, place % 6].map((step) => cube[step] ?? 0));
}

function hexOf(parts: readonly number[]): string {
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

const rules = Array.from({ length: 256 }, (_, colour) => {
  const front = text16[colour] ?? fixedColour(colour);
  const back = ground16[colour] ?? fixedColour(colour);
  return `.f-${colour}{color:${front}}.b-${colour}{background:${back}}`;
});

/** Black text is meant for a bright ground. */
const underBlack = Array.from(
  { length: 6 },
  (_, place) => `.f-16.b-${place + 1}{background:${text16[place + 1]}}`,
);

export const terminalStylesheet = `${terminalStyle}\n${[...rules, ...underBlack].join("\n")}\n`;

/** The grounds for the terminal of the typing page, where xterm.js gives text and ground the same colours. */
export const typedColours = [
  ...ground16.map((colour, place) => `.typed .xterm .xterm-bg-${place}{background-color:${colour}}`),
  ...text16
    .slice(1, 7)
    .map((colour, place) => `.typed .xterm .xterm-fg-16.xterm-bg-${place + 1}{background-color:${colour}}`),
].join("\n");
