// The icon of the dashboard: a prompt on a blue square. It is drawn from the few numbers below, as SVG and as PNG, because phones want
// PNG in several sizes.
import { encodePng } from "./png.ts";

/** The side of the square in which the numbers below count. */
const side = 16;
const cornerRadius = 4;
const strokeWidth = 1.6;
const [ground, stroke] = [0x1f5fd0, 0xffffff];

type Point = readonly [x: number, y: number];
const lines: readonly (readonly [from: Point, to: Point])[] = [
  [
    [4, 5],
    [7, 8],
  ],
  [
    [7, 8],
    [4, 11],
  ],
  [
    [8.5, 11.5],
    [12, 11.5],
  ],
];

export function iconSvg(): string {
  const path = lines.map(([[x, y], [toX, toY]]) => `M${x} ${y}L${toX} ${toY}`).join("");
  const pen = `stroke='${hex(stroke)}' stroke-width='${strokeWidth}' stroke-linecap='round'`;
  return (
    `<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 ${side} ${side}'>` +
    `<rect width='${side}' height='${side}' rx='${cornerRadius}' fill='${hex(ground)}'/>` +
    `<path d='${path}' fill='none' ${pen}/></svg>`
  );
}

/**
 * @param size its width and height in pixels
 * @param shape `square` has no round corners, for systems that cut an icon into their own shape; what is drawn stays in the middle circle of 80 %, which they keep
 */
export function iconPng(size: number, shape: "rounded" | "square"): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array(size * size * 4);
  const pixel = side / size;
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const [x, y] = [(column + 0.5) * pixel, (row + 0.5) * pixel];
      const drawn = covered(fromLines(x, y) - strokeWidth / 2, pixel);
      const at = (row * size + column) * 4;
      pixels[at] = mix(ground >> 16, stroke >> 16, drawn);
      pixels[at + 1] = mix((ground >> 8) & 255, (stroke >> 8) & 255, drawn);
      pixels[at + 2] = mix(ground & 255, stroke & 255, drawn);
      pixels[at + 3] = shape === "square" ? 255 : mix(0, 255, covered(outside(x, y), pixel));
    }
  }
  return encodePng(pixels, size);
}

/** How much of a pixel is inside a shape, from 0 to 1. @param beyond how far its middle is outside of the shape; negative inside */
function covered(beyond: number, pixel: number): number {
  return Math.min(1, Math.max(0, 0.5 - beyond / pixel));
}

function fromLines(x: number, y: number): number {
  let least = side;
  for (const line of lines) least = Math.min(least, distance(x, y, line));
  return least;
}

function distance(x: number, y: number, [from, to]: (typeof lines)[number]): number {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const along = ((x - from[0]) * dx + (y - from[1]) * dy) / (dx * dx + dy * dy);
  const t = Math.min(1, Math.max(0, along));
  return Math.sqrt((x - from[0] - t * dx) ** 2 + (y - from[1] - t * dy) ** 2);
}

/** How far a point is outside of the square with round corners; negative inside. */
function outside(x: number, y: number): number {
  const half = side / 2 - cornerRadius;
  const [fromX, fromY] = [Math.abs(x - side / 2) - half, Math.abs(y - side / 2) - half];
  const inside = Math.min(0, Math.max(fromX, fromY));
  return Math.sqrt(Math.max(0, fromX) ** 2 + Math.max(0, fromY) ** 2) + inside - cornerRadius;
}

const mix = (from: number, to: number, share: number): number => Math.round(from + (to - from) * share);
const hex = (colour: number): string => `#${colour.toString(16).padStart(6, "0")}`;
