import { expect, test } from "bun:test";
import { lagMetrics, mostConsumers } from "../../../src/web/metrics/store-metrics.ts";

const lag = (consumer: string, messages: number, is_durable = true) => ({
  ...{ stream: "COMMANDS", consumer, is_durable, messages },
});

test("lagMetrics() gives series of their own to the consumers that are behind most, and all others together", () => {
  const idle = Array.from({ length: mostConsumers + 5 }, (_, index) => lag(`idle-${index}`, 1));
  const metrics = lagMetrics([lag("reader", 3, false), ...idle, lag("behind", 9)], true);
  const [sum, most, each] = metrics.map(({ samples }): readonly unknown[] => samples);
  expect([sum, most]).toMatchObject([[{ value: mostConsumers + 5 + 9 + 3 }], [{ value: 9 }]]);
  expect(each).toHaveLength(mostConsumers + 1);
  expect(each?.[0]).toMatchObject({ labels: { consumer: "behind" }, value: 9 });
  // The reader, whose name is chance, and the six for which there was no place.
  expect(each?.at(-1)).toMatchObject({ labels: { stream: "COMMANDS", consumer: "other" }, value: 3 + 6 });
});

test("lagMetrics() tells nothing of a stream without consumers, and of none for itself unless that is asked for", () => {
  expect(lagMetrics([], true).flatMap(({ samples }): readonly unknown[] => samples)).toEqual([]);
  expect(lagMetrics([lag("bridge-ada", 1)], false).at(-1)?.samples).toEqual([]);
});
