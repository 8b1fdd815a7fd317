// Times for people. The browser's age.js says ages in the same words; a test holds the two together.

/** `now`, `12 s ago`, `3 min ago`, `2 h ago`, `5 d ago`. A time that lies ahead reads `now`: clocks differ. */
export function ageText(at: string, nowMs: number): string {
  const seconds = Math.floor((nowMs - Date.parse(at)) / 1000);
  if (seconds < 3) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** `2026-11-23 05:21:10 UTC` */
export function absoluteTime(at: string): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** `05:21:10` */
export function clockTime(at: string): string {
  return new Date(at).toISOString().slice(11, 19);
}
