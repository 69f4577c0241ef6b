/**
 * Signs, drawn for this app on a grid of 24: one weight of line, round ends, nothing that needs a colour to be understood.
 * A sign stands beside a word or has a label; alone it is hidden from screen readers.
 */
const paths = {
  // the ten kinds
  request: "M8 12V5.5a1.5 1.5 0 0 1 3 0V11m0-6.5a1.5 1.5 0 0 1 3 0V11m0-5a1.5 1.5 0 0 1 3 0v7.5c0 4-2.4 7-6 7s-5.2-2-6.5-4.6L3 13.2c.9-1.3 2.4-1.1 3.3 0L8 15",
  offer: "M12 12.5 9.7 10.2a2.1 2.1 0 0 1 3-3l.3.3.3-.3a2.1 2.1 0 0 1 3 3L13 13.4M3 14l3.5-1.8c1.4-.7 2.7-.5 3.8.6l1 .9h2.9a1.5 1.5 0 0 1 0 3H10m4.5-.3 4.4-2.6a1.5 1.5 0 0 1 1.7 2.4l-5.4 4.3c-.8.6-1.7.7-2.6.4L7.500 19.500H3",
  item: "M4 9h16v11H4zM3 5.500h18V9H3zM12 5.500V20M12 5.500C10 5.500 7.500 5 7.500 3.500S10.500 1.800 12 5.500c1.500-3.700 4.500-3.500 4.500-2S14 5.500 12 5.500",
  companion: "M5 10h10v6a4 4 0 0 1-4 4H9a4 4 0 0 1-4-4zM15 11.500h2.200a2.300 2.300 0 0 1 0 4.600H15M8 3.500c-1 1.200 1 2 0 3.300M12 3.500c-1 1.200 1 2 0 3.300",
  event: "M4 6h16v14H4zM4 10.500h16M8 3.500V7m8-3.500V7M8 14h2m4 0h2m-8 3h2",
  notice: "M4 10v4h3l8 4.500v-13L7 10zM7 14l1.200 5.500H11L9.800 15.400M18 9.500a3.500 3.500 0 0 1 0 5",
  question: "M4 5h16v11h-8l-4.500 4v-4H4zM9.800 9a2.200 2.200 0 1 1 3.300 1.900c-.7.4-1.100.8-1.100 1.500M12 14.200v.1",
  idea: "M9 17.500h6M9.800 20.500h4.400M9 17.500c0-2-3-3.400-3-7a6 6 0 0 1 12 0c0 3.600-3 5-3 7M12 17v-5l-2-2m2 2 2-2",
  lostFound: "M12 12.500c2.700 0 5 2.300 5 4.700 0 1.700-1.200 2.800-2.700 2.800-1 0-1.500-.5-2.300-.5s-1.300.5-2.300.5C8.200 20 7 18.900 7 17.200c0-2.400 2.300-4.700 5-4.700M6 9.500v1.500M10 5.500V7m4-1.500V7m4 2.500v1.500",
  arrangement: "M5 3.500h14v17H5zM8.500 8h7M8.500 11.500h7M8.500 16.200l1.700 1.600 3.300-3.400",
  // doing
  add: "M12 5v14M5 12h14",
  back: "M19 12H5m6-6-6 6 6 6",
  forward: "m9 5 7 7-7 7",
  close: "M6 6l12 12M18 6 6 18",
  search: "M10.500 4a6.500 6.500 0 1 1 0 13 6.500 6.500 0 0 1 0-13M15.300 15.300 20 20",
  check: "m5 12.500 4.500 4.500L19 7.500",
  edit: "M4 20v-4L15.500 4.500l4 4L8 20zM13 7l4 4",
  share: "M12 15V4M8 7.500 12 3.500l4 4M5 12v8h14v-8",
  print: "M7 8V4h10v4M7 16H4V8h16v8h-3M7 13.500h10V20H7z",
  undo: "M4 9h10a5 5 0 0 1 0 10H8M4 9l4-4M4 9l4 4",
  clock: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16M12 8v4.500l3 2",
  place: "M12 21c4-4.500 6-7.600 6-10.500a6 6 0 0 0-12 0C6 13.400 8 16.500 12 21M12 8.300a2.200 2.200 0 1 1 0 4.400 2.200 2.200 0 0 1 0-4.400",
  reply: "M4 5h16v11h-8l-4.500 4v-4H4z",
  heart: "M12 20C7 16 4 13 4 9.500A4 4 0 0 1 12 8a4 4 0 0 1 8 1.500C20 13 17 16 12 20",
  person: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8M4.500 20.500c.6-3.800 3.500-6 7.500-6s6.900 2.200 7.500 6",
  people: "M9 5a3.500 3.500 0 1 1 0 7 3.500 3.500 0 0 1 0-7M2.500 20c.5-3.500 3-5.500 6.500-5.500s6 2 6.500 5.500M15.500 5.300a3.500 3.500 0 0 1 0 6.500M18 15.200c2 .8 3.200 2.500 3.500 4.800",
  board: "M4 11 12 4l8 7v9H4zM8 13h8M8 16.500h5",
  boards: "M3 12.500 9 7l6 5.500V20H3zM12 7.500 15 4.500l6 5.500V20h-3M6.500 14h5M6.500 17h3",
  more: "M5 7h14M5 12h14M5 17h14",
  link: "M10 14a4 4 0 0 1 0-5.500l3-3a4 4 0 0 1 5.500 5.500l-1.500 1.500M14 10a4 4 0 0 1 0 5.500l-3 3A4 4 0 0 1 5.500 13L7 11.500",
  device: "M7 3h10v18H7zM11 18h2",
  sent: "m5 12.500 4.500 4.500L19 7.500",
  waiting: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16M12 8v4.500l3 2",
  warning: "M12 4 21.500 20h-19zM12 10v4.500M12 17.300v.1",
  phone: "M5 4h4l2 5-2.500 1.500a11 11 0 0 0 5 5L15 13l5 2v4c0 1-.8 1.500-1.500 1.500C11 20.500 3.500 13 3.500 5.500 3.500 4.800 4 4 5 4",
  sun: "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8M12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M18.700 5.300l-1.400 1.400M6.700 17.300l-1.400 1.400",
  moon: "M19.500 14.500A8 8 0 0 1 9.500 4.500a8 8 0 1 0 10 10",
  speak: "M4 10v4h3l5 4V6l-5 4zM15.500 9.500a3.500 3.500 0 0 1 0 5M18 7a7 7 0 0 1 0 10",
  language: "M4 6h10M9 4v2M12 6c-1 4-4 7-8 8.500M6 6c1 4 4 7 7 8M11 20l4.500-10L20 20M12.500 17h6",
  info: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16M12 11v5M12 8v.1",
  remove: "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16M6.500 17.500l11-11",
  copy: "M8 8h12v12H8zM16 8V4H4v12h4",
} as const;

/** The names of all signs; those of the ten kinds are the kinds' own. */
export type IconName = keyof typeof paths;

/** A sign the size of the text beside it. */
export function Icon({ name, label, size = "1.35em" }: { name: IconName; label?: string; size?: string }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.9"
      strokeLinecap="round"
      strokeLinejoin="round"
      {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
    >
      <path d={paths[name]} />
    </svg>
  );
}
