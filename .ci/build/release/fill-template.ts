// Fills the templates in configs/release. Pure.
import { type TargetName, targetNames } from "../targets.ts";

export interface ReleaseFacts {
  readonly version: string;
  readonly description: string;
  /** Where the files are downloaded from, without a slash at its end. */
  readonly url: string;
  /** The executable for each target. */
  readonly executables: ReadonlyMap<TargetName, { readonly file: string; readonly sha256: string }>;
}

/**
 * Puts the facts in the place of `{{version}}`, `{{description}}`, `{{url}}`, `{{file:TARGET}}` and `{{sha256:TARGET}}`.
 * @throws Error for another word in the braces, and for a target that was not built
 */
export function fillTemplate(
  template: string,
  { version, description, url, executables }: ReleaseFacts,
): string {
  const words = new Map([
    ["version", version],
    ["description", description],
    ["url", url],
    ...targetNames.flatMap((target): [string, string][] => {
      const built = executables.get(target);
      return built === undefined
        ? []
        : [
            [`file:${target}`, built.file],
            [`sha256:${target}`, built.sha256],
          ];
    }),
  ]);
  return template.replaceAll(/\{\{([^{}]*)\}\}/g, (_, word: string) => {
    const value = words.get(word);
    if (value === undefined) throw new Error(`the template has {{${word}}}, for which there is nothing`);
    return value;
  });
}
