import { useEffect, useMemo, useState } from "react";
import { type App, useApp, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { ago } from "../../app/time";
import { useUnknown } from "../join/member";

/** Is the board up to date, and since when not: one quiet line, without a button. */
export function KioskState() {
  const { client, board } = useApp();
  return client && board ? <Line client={client} board={board} /> : null;
}

function Line({ client, board }: { client: NonNullable<App["client"]>; board: NonNullable<App["board"]> }) {
  const { t, language } = useT();
  const { state, lastReached } = useObservable(client.connection);
  const posts = useObservable(board.posts);
  // Whatever is not on the board was written here, by whichever visitor.
  const waiting = useMemo(() => posts.flatMap((p) => [p, ...p.replies, ...p.offers]).filter((x) => x.delivery !== "board").length, [posts]);
  const device = useObservable(client.device);
  const refused = useUnknown() || state === "refused";
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  const last = lastReached ? ago(language, lastReached, Math.max(now, lastReached)) : "";
  return (
    <p className="state-line kiosk-state" role="status" data-state={refused ? "refused" : state}>
      <span className="state-dot" aria-hidden="true" />
      <span>
        {device.failing ? t("kiosk.failing") : refused ? t("kiosk.refused") : state === "connected" ? t("kiosk.online") : last ? t("kiosk.offline", { ago: last }) : t("kiosk.never")}
        {waiting > 0 && ` ${t("conn.waiting", { n: waiting })}`}
      </span>
    </p>
  );
}
