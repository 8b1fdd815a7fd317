// The least there is: Bun's own executable with nothing in it. Compiled by the bench, for its size.
export {};
