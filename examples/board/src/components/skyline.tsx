/** The row of gables under the head of each part: the mark of Tavle. The houses are paper, the lit windows have the colours of the kinds. */
export function Skyline() {
  return (
    <svg className="skyline no-print" viewBox="0 0 390 34" preserveAspectRatio="xMidYMax slice" aria-hidden="true">
      <path
        className="skyline-houses"
        d="M0 34V20h14l12-11 12 11v0h10V12h26v8h8l14-14 14 14h6v-4h30v4h8l11-12 11 12h12V8h10v-4h6v4h12v12h10l13-13 13 13h8v-6h28v6h6l12-11 12 11h10v-9h24v9h8l13-14 13 14h8v-5h26v5h-0V34z"
      />
      <g className="skyline-windows">
        <path data-kind="request" d="M22 22h7v7h-7z" />
        <path data-kind="event" d="M56 18h5v6h-5z" />
        <path data-kind="offer" d="M92 22h7v7h-7z" />
        <path data-kind="idea" d="M131 22h5v6h-5z" />
        <path data-kind="companion" d="M171 22h6v6h-6z" />
        <path data-kind="question" d="M205 15h5v6h-5zM215 15h5v6h-5z" />
        <path data-kind="item" d="M247 22h6v6h-6z" />
        <path data-kind="lostFound" d="M285 20h5v6h-5z" />
        <path data-kind="notice" d="M318 22h6v6h-6z" />
        <path data-kind="arrangement" d="M351 18h5v6h-5z" />
      </g>
    </svg>
  );
}
