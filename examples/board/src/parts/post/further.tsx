import { type ReactNode, useEffect, useState } from "react";
import { openMonths, useApp, useBoard, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";

/** How far back it looks: this month and a year. */
const MOST = 13;
/** How many months more at a time. */
const STEP = 3;

/** For what is in no open month: looks further back while it is shown, some months more at a time, and then says its sentence. */
export function Further({ children }: { children: ReactNode }) {
  const { t } = useT();
  const board = useBoard();
  const { client } = useApp();
  const { months, pending } = useObservable(board.loading);
  const connected = useObservable(client!.connection).state === "connected";
  // Without a connection there is what the device has.
  const waits = months.length === 0 || (connected && pending.length > 0);
  // Once said it stays: what arrives later shows by itself.
  const [said, setSaid] = useState(false);
  useEffect(() => {
    if (waits) return;
    if (months.length < MOST) openMonths(board, Math.min(MOST, months.length + STEP));
    else setSaid(true);
  }, [board, months.length, waits]);
  return <p role="status">{said ? children : t("post.looking")}</p>;
}
