// Writes amounts for people: counts, bytes. Pure.

/** `12,345` */
export function countText(count: number): string {
  return count.toLocaleString("en");
}

/** `950 B`, `12.3 KiB`, `4.0 MiB`, `1.2 GiB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const units = ["KiB", "MiB", "GiB", "TiB"];
  let [amount, unit] = [bytes / 1_024, 0];
  while (amount >= 1_024 && unit < units.length - 1) [amount, unit] = [amount / 1_024, unit + 1];
  return `${amount.toFixed(1)} ${units[unit]}`;
}
