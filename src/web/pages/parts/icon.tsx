/** @jsxImportSource hono/jsx */
// The icons. Each has a shape of its own, so that a state is never shown by colour alone.

/** SVG path data in a box of 16 by 16, drawn as lines. */
const paths = {
  alert: "M8 1.8 14.8 14H1.2ZM8 6.2v3.6M8 11.6v.4",
  back: "M9.5 3.5 5 8l4.5 4.5",
  check: "M3 8.5 6.5 12 13 4.5",
  clock: "M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8ZM8 4.6V8l2.4 1.6",
  cross: "M4 4l8 8M12 4l-8 8",
  dots: "M3 8h.2M8 8h.2M13 8h.2",
  moon: "M13.2 9.6A5.6 5.6 0 1 1 6.4 2.8a4.6 4.6 0 0 0 6.8 6.8Z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M4.5 2.8 13 8l-8.5 5.2Z",
  plus: "M8 3v10M3 8h10",
  prompt: "M3 4l4 4-4 4M8.5 12.5H13.5",
  question: "M5.4 5.8a2.6 2.6 0 1 1 3.9 2.3C8.4 8.6 8 9.1 8 10M8 12.6v.3",
  ring: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Z",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.3 10.3 14 14",
  stop: "M4 4h8v8H4Z",
  text: "M2.5 4h11M2.5 8h11M2.5 12h6",
  mail: "M2 4h12v8.5H2ZM2 4.5l6 4.5 6-4.5",
  unplugged: "M2.5 13.5l3-3M10.5 5.5l3-3M4.5 7.5l4 4M7.5 4.5l4 4M2.5 2.5l11 11",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
