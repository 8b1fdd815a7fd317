// The 256 colours of xterm: 16 that each terminal chooses, a cube of 6 × 6 × 6, and 24 greys.

const cubeBegins = 16;
const greysBegin = 232;
const greys = 24;
const cubeSteps = [0, 95, 135, 175, 215, 255] as const;
const greyAt = (step: number) => 8 + 10 * step;

/**
 * The number of the colour of the cube or of the greys that is nearest to an RGB colour.
 * @param rgb 0xRRGGBB
 * @returns 16 to 255
 */
export function nearestColour(rgb: number): number {
  const parts = [(rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255] as const;
  const steps = parts.map(nearestStep);
  const [red = 0, green = 0, blue = 0] = steps;
  const inCube = steps.map((step) => cubeSteps[step] ?? 0);
  const mean = (parts[0] + parts[1] + parts[2]) / 3;
  const grey = Math.min(greys - 1, Math.max(0, Math.round((mean - 8) / 10)));
  const inGreys = parts.map(() => greyAt(grey));
  const isGrey = distance(parts, inGreys) < distance(parts, inCube);
  return isGrey ? greysBegin + grey : cubeBegins + 36 * red + 6 * green + blue;
}

function nearestStep(value: number): number {
  let best = 0;
  for (const [step, at] of cubeSteps.entries())
    if (Math.abs(at - value) < Math.abs((cubeSteps[best] ?? 0) - value)) best = step;
  return best;
}

function distance(one: readonly number[], other: readonly number[]): number {
  return one.reduce((sum, value, place) => sum + (value - (other[place] ?? 0)) ** 2, 0);
}
