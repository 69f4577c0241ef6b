import { useId } from "react";

/** The row of gables under the head of each part: the mark of Tavle. The houses are paper, the lit windows have the colours of the kinds. */
export function Skyline() {
  const id = useId();
  return (
    <svg className="skyline no-print" width="100%" height="34" aria-hidden="true">
      <defs>
        <pattern id={id} width="390" height="34" patternUnits="userSpaceOnUse">
          <path
            className="skyline-houses"
            d="M0 34V20h14l12-11 12 11h10v-8h26v8h8l14-14 14 14h6v-4h30v4h8l11-12 11 12h12V8h10v-4h6v4h12v12h10l13-13 13 13h8v-6h28v6h6l12-11 12 11h10v-9h24v9h8l13-14 13 14h11v14z"
          />
          <path data-kind="request" d="M23 21h6v7h-6z" />
          <path data-kind="event" d="M54 18h5v6h-5z" />
          <path data-kind="offer" d="M93 21h6v7h-6z" />
          <path data-kind="idea" d="M131 22h5v6h-5z" />
          <path data-kind="companion" d="M168 21h6v7h-6z" />
          <path data-kind="question" d="M201 16h5v6h-5zM211 16h5v6h-5z" />
          <path data-kind="item" d="M243 21h6v7h-6z" />
          <path data-kind="lostFound" d="M278 20h5v6h-5z" />
          <path data-kind="notice" d="M313 21h6v7h-6z" />
          <path data-kind="arrangement" d="M346 18h5v6h-5z" />
        </pattern>
      </defs>
      <rect width="100%" height="34" fill={`url(#${id})`} />
    </svg>
  );
}
