// Shows what a long step of the build does: one line on stderr and, on a terminal, how many seconds it has taken.

export interface Progress {
  /** @param typical how long the step usually takes on two cores, such as `once, about 2 minutes` */
  step<T>(what: string, typical: string, run: () => Promise<T>): Promise<T>;
}

export interface ProgressOutput {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

export function createProgress(output: ProgressOutput = process.stderr): Progress {
  return {
    async step(what, typical, run) {
      const line = `build: ${what} (${typical})`;
      const start = performance.now();
      const seconds = () => `${Math.round((performance.now() - start) / 1000)} s`;
      output.write(output.isTTY ? line : `${line}\n`);
      const timer = output.isTTY
        ? setInterval(() => output.write(`\r${line} ${seconds()}`), 1000)
        : undefined;
      let end = "failed after";
      try {
        const result = await run();
        end = "done in";
        return result;
      } finally {
        clearInterval(timer);
        if (output.isTTY) output.write(`\r${line} ${end} ${seconds()}\n`);
      }
    },
  };
}
