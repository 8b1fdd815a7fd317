// Parts of schemas for settings. Their messages continue a sentence that begins with the name of the key.
import * as v from "valibot";

export const textSetting = (what: string) =>
  v.pipe(v.string(`must be ${what}`), v.minLength(1, `must be ${what}`));

export const textRecord = (what: string) =>
  v.record(v.string(), v.string("must be text"), `must be an object of ${what}`);

export const wholeNumber = (least: number, most: number) => {
  const message = `must be a whole number from ${least} to ${most}`;
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
};

export const described = <T extends v.GenericSchema>(schema: T, description: string) =>
  v.pipe(schema, v.description(description));
