// Loaded into a program of Node.js before its own code (NODE_OPTIONS): while the file of FAST_CLOCK exists, its long timers run 1,200 times
// as fast, so that an hour takes 3 s. Timers of less than 20 s, the date, and what Node.js itself waits for stay as they are.
const { existsSync, writeFileSync } = require("node:fs");
const timers = require("node:timers");
const promises = require("node:timers/promises");

const fast = 1_200;
const longMs = 20_000;
const lookEveryMs = 50;
const flag = process.env.FAST_CLOCK;
const {
  setTimeout: startTimeout,
  clearTimeout: endTimeout,
  setInterval: startInterval,
  clearInterval: endInterval,
} = globalThis;

let nowMs = 0;
let lastMs = performance.now();
const running = new Set();
const ticking = startInterval(() => {
  const passedMs = performance.now() - lastMs;
  lastMs += passedMs;
  nowMs += passedMs * (existsSync(flag) ? fast : 1);
  for (const timer of [...running]) if (timer.dueMs <= nowMs) timer.fire();
}, lookEveryMs);
ticking.unref();

class LongTimer {
  constructor(call, ms, args, isRepeated) {
    Object.assign(this, { call, ms, args, isRepeated });
    // Keeps the program alive, as the timer would whose place this takes.
    this.anchor = startInterval(() => undefined, 2 ** 31 - 1);
    this.refresh();
  }
  fire() {
    if (this.isRepeated) this.refresh();
    else this.close();
    this.call(...this.args);
  }
  refresh() {
    this.dueMs = nowMs + this.ms;
    running.add(this);
    return this;
  }
  close() {
    running.delete(this);
    endInterval(this.anchor);
    return this;
  }
  ref() {
    this.anchor.ref();
    return this;
  }
  unref() {
    this.anchor.unref();
    return this;
  }
  hasRef() {
    return this.anchor.hasRef();
  }
  [Symbol.dispose]() {
    this.close();
  }
}

const start =
  (real, isRepeated) =>
  (call, ms, ...args) =>
    ms >= longMs ? new LongTimer(call, ms, args, isRepeated) : real(call, ms, ...args);
const end = (real) => (timer) => (timer instanceof LongTimer ? timer.close() : real(timer));
const replaced = {
  setTimeout: start(startTimeout, false),
  setInterval: start(startInterval, true),
  clearTimeout: end(endTimeout),
  clearInterval: end(endInterval),
};
for (const place of [globalThis, timers]) Object.assign(place, replaced);

const wait = promises.setTimeout;
promises.setTimeout = (ms, value, options) => {
  if (!(ms >= longMs)) return wait(ms, value, options);
  return new Promise((resolve, reject) => {
    const timer = new LongTimer(() => resolve(value), ms, [], false);
    options?.signal?.addEventListener("abort", () => [timer.close(), reject(options.signal.reason)], {
      once: true,
    });
  });
};
AbortSignal.timeout = (ms) => {
  const over = new AbortController();
  replaced
    .setTimeout(
      () => over.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")),
      ms,
    )
    .unref?.();
  return over.signal;
};

writeFileSync(`${flag}.loaded`, "");
