// What an agent does when a usage limit of its model's service is reached.
import * as v from "valibot";

/**
 * `resume`: it is held until the limit ends, and then goes on by itself. `hold`: it is held until a person resumes it. `stop`: it is stopped.
 */
export const onLimitWords = ["resume", "hold", "stop"] as const;
export const OnLimitSchema = v.picklist(onLimitWords, `on_limit must be one of ${onLimitWords.join(", ")}`);
export type OnLimit = v.InferOutput<typeof OnLimitSchema>;
