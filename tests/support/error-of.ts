// The CliaiError that an action throws, for tests of its message and hint.
import { CliaiError } from "../../src/domain/text/errors.ts";

/** Fails if the action throws nothing. Throws an error of another class again. */
export function errorOf(act: () => unknown): CliaiError {
  try {
    act();
  } catch (error) {
    if (error instanceof CliaiError) return error;
    throw error;
  }
  throw new Error("it threw nothing");
}

/** As {@link errorOf}, for a promise that rejects. */
export async function failureOf(promise: Promise<unknown>): Promise<CliaiError> {
  const ended = await promise.then(
    () => () => undefined,
    (error: unknown) => () => {
      throw error;
    },
  );
  return errorOf(ended);
}
