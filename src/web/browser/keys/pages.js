// The pages, each with the key that leads to it after `g`.
export const pages = [
  { key: "f", href: "/", name: "Fleet" },
  { key: "i", href: "/inbox", name: "Inbox" },
  { key: "m", href: "/messages", name: "Messages" },
  { key: "t", href: "/timeline", name: "Timeline" },
  { key: "c", href: "/costs", name: "Costs" },
  { key: "r", href: "/report", name: "Report" },
  { key: "s", href: "/system", name: "System" },
];
