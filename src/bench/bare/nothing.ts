// This room holds programs with nothing of ours inside. The bench compiles them as its limits.
//
// The least there is: Bun's own executable with nothing in it. Compiled by the bench, for its size.
export {};
