// Icons: 24 px box, stroke 1.5, drawn for this project; always beside a word.
const paths = {
  camera: "M4 7h10a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1zM15 11l6-3.5v9L15 13",
  cameraoff: "M8.5 7H14a1 1 0 0 1 1 1v3l6-3.5v9L15.5 13.5M15 16a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1M4 4l16 16",
  mic: "M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3M9 21h6",
  micoff: "M9 9.5V11a3 3 0 0 0 4.6 2.5M15 11V6a3 3 0 0 0-5.8-1M5.5 11.5a6.5 6.5 0 0 0 10.6 5M18.5 11.5a6.4 6.4 0 0 1-.5 2.5M12 18v3M9 21h6M4 4l16 16",
  check: "M5 12.5l4.5 4.5L19 7.5",
  ear: "M7 10a5.5 5.5 0 0 1 11 0c0 3.6-3.6 4.3-3.9 7.3A3.3 3.3 0 0 1 8 18.6M9.8 10a2.7 2.7 0 0 1 5.4 0c0 1.6-1.7 1.7-1.7 3.4",
  warn: "M12 4L21 19.5H3L12 4zM12 10v4.5M12 17v.2",
  link: "M7.5 12a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM21.5 12a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM7 10.5C10 8 14 8 17 10.5M7 13.5c3 2.5 7 2.5 10 0",
  devices: "M4 7h8M16 7h4M14 5v4M4 17h4M12 17h8M10 15v4",
  hand: "M8 13V6.5a1.5 1.5 0 0 1 3 0V11M11 11V4.8a1.5 1.5 0 0 1 3 0V11M14 11V6.2a1.5 1.5 0 0 1 3 0V15c0 3.5-2.2 6-5.5 6-2.6 0-4-1.2-5.2-3.5L4.3 13.7a1.5 1.5 0 0 1 2.5-1.6L8 13.7",
  text: "M4 5h16v11H10l-4 4v-4H4z",
  tone: "M3 12c1.5-5 3-5 4.5 0s3 5 4.5 0 3-5 4.5 0 3 5 4.5 0",
  earoff: "M7 10c0-.7.1-1.3.4-1.9M9.6 5.1A5.5 5.5 0 0 1 18 10c0 1.5-.6 2.5-1.4 3.4M14.3 16.5a3.3 3.3 0 0 1-6.3 2.1M4 4l16 16",
  disc: "M20.5 12a8.5 8.5 0 1 1-17 0 8.5 8.5 0 0 1 17 0zM15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
  doorclosed: "M4 21h16M6 21V3.5h12V21M14.5 12v1.5",
  dooropen: "M4 21h16M6 21V3.5h12V21M6 3.5l7 3V21M10.5 12.5v1.5",
  keyup: "M12 3a4 4 0 0 1 1.5 7.7V21h-3v-2.5H9v-2.5h1.5V10.7A4 4 0 0 1 12 3zM12 6.5v.2",
  keylying: "M3 12a4 4 0 0 1 7.7-1.5H21v3h-2.5V15H16v-1.5h-5.3A4 4 0 0 1 3 12zM6.5 12h.2",
  card: "M3.5 5h17v14h-17zM3.5 9.5h17M9 5v14M15 5v14",
  restart: "M19.5 12a7.5 7.5 0 1 1-2.3-5.4M20 3.5v4h-4",
  people: "M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3.5 19c.5-3.5 2.5-5 5.5-5s5 1.5 5.5 5M16 11a2.5 2.5 0 1 0-1-4.8M16.5 14c2.3.300 3.6 1.8 4 4.5",
  clock: "M20.5 12a8.5 8.5 0 1 1-17 0 8.5 8.5 0 0 1 17 0zM12 7v5l3.5 2",
  close: "M6 6l12 12M18 6L6 18",
  leave: "M13 4H6v16h7M10 12h10M16.5 8.5L20 12l-3.5 3.5",
};
export type IconName = keyof typeof paths;

/** Icon is decoration; flip mirrors arrows of direction in right-to-left pages. */
export function Icon({ name, flip }: { name: IconName; flip?: boolean }) {
  return <svg class={flip ? "i flip" : "i"} viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d={paths[name]} /></svg>;
}
