import { type ReactNode, useEffect } from "react";
import { openMonths, useApp, useBoard, useObservable } from "../../app/client";
import { useT } from "../../app/i18n";

/** How far back it looks: this month and a year. */
const MOST = 13;
/** How many months more at a time. */
const STEP = 3;

/** For what is in no open month: looks further back while it is shown, some months more at a time, and then says its sentence. */
export default function Further({ children }: { children: ReactNode }) {
  const { t } = useT();
  const board = useBoard();
  const { client } = useApp();
  const { months, pending } = useObservable(board.loading);
  const connected = useObservable(client!.connection).state === "connected";
  // Without a connection there is what the device has.
  const waits = months.length === 0 || (connected && pending.length > 0);
  const more = months.length < MOST;
  useEffect(() => {
    if (more && !waits) openMonths(board, Math.min(MOST, months.length + STEP));
  }, [board, months.length, more, waits]);
  return <p role="status">{more || waits ? t("post.looking") : children}</p>;
}
