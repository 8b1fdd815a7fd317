/** @jsxImportSource hono/jsx */
// How much an agent did in each of the last 30 minutes, as small bars. The server draws it, so it needs no script.
const height = 16;
const barWidth = 2;
const gap = 1;
/** Bars have so many heights, so that a small change is no change of the picture. */
const steps = 8;

/** @param counts the number of events of each minute, oldest first */
export function Sparkline({ counts }: { counts: readonly number[] }) {
  const width = counts.length * (barWidth + gap);
  const most = Math.max(...counts);
  const busy = counts.filter((count) => count > 0).length;
  const text =
    busy === 0
      ? `nothing in the last ${counts.length} minutes`
      : `active in ${busy} of the last ${counts.length} minutes`;
  return (
    <span class="sparkline" title={text}>
      <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
        <path class="bars" d={barsPath(counts, most)} />
        <path class="base" d={`M0 ${height - 0.5}H${width}`} />
      </svg>
      <span class="unseen">{text}</span>
    </span>
  );
}

/** One path for all bars, which is shorter than an element for each. */
function barsPath(counts: readonly number[], most: number): string {
  return counts
    .flatMap((count, minute) => {
      if (count === 0) return [];
      // The root, because one minute with very many events would make all others look empty.
      const tall = Math.max(1, Math.round(Math.sqrt(count / most) * steps)) * ((height - 2) / steps);
      return [`M${minute * (barWidth + gap)} ${height - 1}v-${tall}h${barWidth}v${tall}z`];
    })
    .join("");
}
