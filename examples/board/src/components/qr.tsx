import { Suspense, use } from "react";

type Encode = typeof import("uqr").encode;
let encode: Encode | null = null;
let loading: Promise<Encode | null> | null = null;

/**
 * loadQr fetches what draws the codes: no page waits for it, and those that have to show codes without internet, or print at once, call it
 * at their start. Null when it cannot be had now; the next call tries again.
 */
export function loadQr(): Promise<Encode | null> {
  loading ??= import("uqr").then(
    (found) => (encode = found.encode),
    () => (loading = null),
  );
  return loading;
}

/** A QR code as one path, dark on white in every theme so that every camera reads it. `label` says what it holds. */
export function Qr(props: { text: string; label: string }) {
  return (
    <Suspense fallback={<svg className="qr" viewBox="0 0 1 1" aria-hidden="true" />}>
      <Drawn {...props} />
    </Suspense>
  );
}

function Drawn({ text, label }: { text: string; label: string }) {
  const draw = encode ?? use(loadQr());
  if (!draw) return null;
  const { data, size } = draw(text, { ecc: "M", border: 2 });
  let path = "";
  data.forEach((row, y) => {
    row.forEach((dark, x) => {
      if (dark) path += `M${x} ${y}h1v1h-1z`;
    });
  });
  return (
    <svg className="qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#ffffff" />
      <path d={path} fill="#000000" />
    </svg>
  );
}
