// Finds the asked model among those that the server has.
import { baseOf, type ModelServerSettings, shownModelName } from "../../domain/model-server.ts";
import { CliaiError } from "../../domain/text/errors.ts";
import { didYouMean } from "../../domain/text/nearest.ts";

/** @throws CliaiError `config_invalid`, which names the models that the server has */
export function chooseModel(
  settings: ModelServerSettings,
  models: readonly { readonly id: string }[],
): string {
  const { model } = settings;
  const names = models.map(({ id }) => id);
  const [only] = names;
  if (model === undefined) {
    if (only !== undefined && names.length === 1) return only;
    const hint =
      only === undefined
        ? "load or pull one there first, such as: ollama pull NAME"
        : `name one: --model ${shownModelName(only)}; it has ${listOf(names)}`;
    const what = only === undefined ? "has no model" : `has ${names.length} models, and none was named`;
    throw new CliaiError("config_invalid", `the model server at ${baseOf(settings)} ${what}`, { hint });
  }
  const found = names.find((name) => isSame(name, model)) ?? names.find((name) => isFile(name, model));
  if (found !== undefined) return found;
  // Some servers, such as proxies, list no models, but have some.
  if (names.length === 0) return model;
  const has = `it has ${listOf(names)}`;
  const near = didYouMean(model, names.map(shownModelName));
  throw new CliaiError("config_invalid", `the model server at ${baseOf(settings)} has no model "${model}"`, {
    hint: near === undefined ? has : `${near}; ${has}`,
  });
}

/** Ollama calls a model without a tag `NAME:latest`. */
export function isSame(name: string, asked: string): boolean {
  return name === asked || name === `${asked}:latest`;
}

/** llama.cpp calls its model by the path of the file, unless it has an alias. */
function isFile(name: string, asked: string): boolean {
  const file = shownModelName(name);
  return file === asked || file === `${asked}.gguf`;
}

function listOf(names: readonly string[]): string {
  const shown = names.slice(0, 10).map(shownModelName);
  return names.length > 10 ? `${shown.join(", ")} and ${names.length - 10} more` : shown.join(", ");
}
