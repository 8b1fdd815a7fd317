import { describe, expect, test } from "bun:test";
import { failureOfStatus, failureOfWords } from "../../src/domain/model-failure.ts";

test.each([
  [401, "authentication"],
  [403, "authentication"],
  [402, "usage_limit"],
  [429, "usage_limit"],
  [503, "overloaded"],
  [529, "overloaded"],
  [500, "server"],
  [400, undefined],
  [undefined, undefined],
] as const)("failureOfStatus() of %p is %p", (status, word) => {
  expect(failureOfStatus(status)).toBe(word);
});

describe("failureOfWords()", () => {
  test.each([
    // What the services themselves say.
    ["invalid x-api-key", "authentication"],
    ["Request had invalid authentication credentials.", "authentication"],
    ["API key not valid. Please pass a valid API key.", "authentication"],
    ["You exceeded your current quota, please check your plan and billing details.", "usage_limit"],
    ["Rate limit reached on tokens per min: Limit 30000, Requested 503 tokens at most", "usage_limit"],
    ["You've hit your usage limit. Try again in 1 day 2 hours.", "usage_limit"],
    ["You've hit your session limit · resets 1:25am (UTC)", "usage_limit"],
    ["Claude AI usage limit reached|1796052300", "usage_limit"],
    ["5-hour limit reached ∙ resets 4pm", "usage_limit"],
    ["You have exhausted your capacity on this model. Your quota will reset after 2h3m4s.", "usage_limit"],
    ["Your credit balance is too low to access the API.", "usage_limit"],
    ["insufficient_quota", "usage_limit"],
    ["rate_limit_error", "usage_limit"],
    ["You're out of extra usage", "usage_limit"],
    ["Your premium requests are used up", "usage_limit"],
    ["Billing hard limit has been reached", "usage_limit"],
    ["Quota exceeded for metric", "usage_limit"],
    // Such words alone hold no account.
    ["Cannot read properties of undefined (reading 'usage')", "other"],
    ["Our servers are overloaded because of high usage", "overloaded"],
    ["error: unexpected argument. Usage: foo", "other"],
    ["the school is not accredited", "other"],
    ["no credit is given for this billing address", "other"],
    ["The model is overloaded. Please try again later.", "overloaded"],
    ["prompt is too long: 210000 tokens > 200000 maximum", "context"],
    ["input length and `max_tokens` exceed context limit: 199211 + 20000 > 200000", "context"],
    ["The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", "context"],
    ["Your input exceeds the context window of this model.", "context"],
    ["max_output_tokens", "other"],
    ["no idea", "other"],
    ["the request took too long", "other"],
    // Words that only look like others.
    ["the authors of this model do not allow that", "other"],
    ["unknown certificate authority", "other"],
    ["no such model in the catalog in use", "other"],
    ["401 unauthorized", "authentication"],
    ["the OAuth token has expired", "authentication"],
    ["not authorised", "authentication"],
    ["please log in again", "authentication"],
    // A status counts more than the words beside it.
    ["[API Error: 401 Too many requests]", "authentication"],
    ["Error: request 7 failed (HTTP 503)", "overloaded"],
    ["unexpected status 429", "usage_limit"],
    ["the server at http://127.0.0.1:37851 cannot answer yet (503 Loading model)", "overloaded"],
    ["retried 5 times (total retry wait time: 59.02 seconds) Last error: 401 No", "authentication"],
    ["500 oops", "server"],
    ["500 Context size has been exceeded.", "context"],
    ["500 the request took too long", "server"],
    // A count is no status.
    ["the context size is 512", "context"],
    ["This model's maximum context length is 503. You asked for more.", "context"],
    ["the number of tokens to keep is greater than the context length (512 >= 400)", "context"],
    ["This model's maximum context length is 4096 tokens, and yours has 503 more", "context"],
    ["too long: 503 tokens", "context"],
    ["too long (503 tokens)", "context"],
    ["400 This model's maximum context length is 4096 tokens, and yours has 503 more", "context"],
  ] as const)("of %p is %s", (words, word) => {
    expect(failureOfWords(words)).toBe(word);
  });
});
