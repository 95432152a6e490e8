// English, when a file of the page is lost. These texts come with the page itself, in all six languages: they are said when nothing else comes.
export const text = {
  title: "This page did not load completely.",
  help: "Part of it has not come from your server. If loading again does not help, tell your technician.",
  again: "Load again",
};

export type Table = Record<keyof typeof text, string>;
