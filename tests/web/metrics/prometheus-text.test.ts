import { expect, test } from "bun:test";
import { type Metric, metricText } from "../../../src/web/metrics/prometheus-text.ts";

const metrics: readonly Metric[] = [
  { type: "gauge", name: "a_slots", help: 'Two\nlines, a \\ and a ".', samples: [{ value: 1 }] },
  {
    ...{ type: "counter", name: "b_total", help: "B." },
    samples: [{ labels: { server: 'x"\\\n:1', kind: "y" }, value: 2.5 }],
  },
  { type: "gauge", name: "c", help: "C.", samples: [] },
  {
    ...{ type: "histogram", name: "d_seconds", help: "D." },
    samples: [
      {
        labels: { server: "gpu:1" },
        within: [
          [0.5, 1],
          [2, 3],
        ],
        count: 4,
        sum: 70.25,
      },
    ],
  },
];

test("metricText() writes the text format 0.0.4, with everything escaped that has to be", () => {
  expect(metricText("prometheus", metrics)).toBe(`# HELP a_slots Two\\nlines, a \\\\ and a ".
# TYPE a_slots gauge
a_slots 1
# HELP b_total B.
# TYPE b_total counter
b_total{server="x\\"\\\\\\n:1",kind="y"} 2.5
# HELP d_seconds D.
# TYPE d_seconds histogram
d_seconds_bucket{server="gpu:1",le="0.5"} 1
d_seconds_bucket{server="gpu:1",le="2"} 3
d_seconds_bucket{server="gpu:1",le="+Inf"} 4
d_seconds_sum{server="gpu:1"} 70.25
d_seconds_count{server="gpu:1"} 4
`);
});

test("metricText() writes OpenMetrics 1.0: counters by their family, bounds as floats, and an end", () => {
  expect(metricText("openMetrics", metrics)).toBe(`# HELP a_slots Two\\nlines, a \\\\ and a \\".
# TYPE a_slots gauge
a_slots 1
# HELP b B.
# TYPE b counter
b_total{server="x\\"\\\\\\n:1",kind="y"} 2.5
# HELP d_seconds D.
# TYPE d_seconds histogram
d_seconds_bucket{server="gpu:1",le="0.5"} 1
d_seconds_bucket{server="gpu:1",le="2.0"} 3
d_seconds_bucket{server="gpu:1",le="+Inf"} 4
d_seconds_sum{server="gpu:1"} 70.25
d_seconds_count{server="gpu:1"} 4
# EOF
`);
});
