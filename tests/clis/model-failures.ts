// What a model's server answers when it fails: the same four failures in the words of each API. Knows no CLI.
import type { DrivenTurn } from "./driven-turn.ts";

/** The words that the fleet has for them (`failureWords`). */
export const failureKinds = ["authentication", "usage_limit", "overloaded", "context"] as const;
export type FailureKind = (typeof failureKinds)[number];

export type ModelFailures = Readonly<Record<FailureKind, DrivenTurn>>;

/** A part of the words of each failure, which must reach the person. */
export const wordsOfFailure: Readonly<Record<FailureKind, RegExp>> = {
  authentication: /key|credential/i,
  usage_limit: /limit|quota/i,
  overloaded: /overloaded/i,
  context: /too long|context|token/i,
};

const quota = "You exceeded your current quota, please check your plan and billing details.";

export const messagesApiFailures: ModelFailures = {
  authentication: { error: { status: 401, type: "authentication_error", message: "invalid x-api-key" } },
  usage_limit: {
    error: {
      ...{ status: 429, type: "rate_limit_error" },
      message: "This request would exceed your account's rate limit. Please try again later.",
    },
  },
  overloaded: { error: { status: 529, type: "overloaded_error", message: "Overloaded" } },
  context: {
    error: {
      ...{ status: 400, type: "invalid_request_error" },
      message: "prompt is too long: 210000 tokens > 200000 maximum",
    },
  },
};

export const chatApiFailures: ModelFailures = {
  authentication: {
    error: {
      ...{ status: 401, type: "invalid_request_error", code: "invalid_api_key" },
      message: "Incorrect API key provided: dummy.",
    },
  },
  usage_limit: {
    error: { status: 429, type: "insufficient_quota", code: "insufficient_quota", message: quota },
  },
  overloaded: {
    error: { status: 503, type: "server_error", message: "The engine is currently overloaded." },
  },
  context: {
    error: {
      ...{ status: 400, type: "invalid_request_error", code: "context_length_exceeded" },
      // The number is also that of an HTTP status.
      message:
        "This model's maximum context length is 131072 tokens. However, your messages resulted in 131575 tokens, 503 too many.",
    },
  },
};

export const responsesApiFailures: ModelFailures = {
  ...chatApiFailures,
  context: {
    failure: {
      code: "context_length_exceeded",
      message: "Your input exceeds the context window of this model. Please adjust your input and try again.",
    },
  },
};

export const geminiApiFailures: ModelFailures = {
  authentication: {
    error: {
      ...{ status: 401, type: "UNAUTHENTICATED" },
      message: "Request had invalid authentication credentials.",
    },
  },
  usage_limit: { error: { status: 429, type: "RESOURCE_EXHAUSTED", message: quota } },
  overloaded: {
    error: {
      ...{ status: 503, type: "UNAVAILABLE" },
      message: "The model is overloaded. Please try again later.",
    },
  },
  context: {
    error: {
      ...{ status: 400, type: "INVALID_ARGUMENT" },
      message: "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    },
  },
};
