// A time zone in which it is between 6 and 18 o'clock: sums of a day stay those of one day while a test runs.
export const dayZone = new Date().getUTCHours() < 12 ? "Etc/GMT-6" : "Etc/GMT+6";
