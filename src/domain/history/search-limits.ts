// How many records a search finds: what the search, the API, the page and the command have in common.

/** How many records are found if no number is given. */
export const usualHits = 20;
/** How many records are found at most. */
export const mostHits = 500;
