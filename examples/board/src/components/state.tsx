import { useEffect, useState } from "react";
import { type App, useApp, useObservable, useWaiting } from "../app/client";
import { type MessageKey, useT } from "../app/i18n";
import { ago } from "../app/time";
import { Icon } from "../design/icon";
import type { Board, Delivery } from "@tavle/client";
import { Button } from "./button";

const signs = { unsaved: "warning", device: "device", waiting: "waiting", board: "sent" } as const;

/** How far a post has come, in a word and a sign: saved on this device, waiting to be sent, on the board. */
export function DeliveryMark({ delivery }: { delivery: Delivery }) {
  const { t } = useT();
  return (
    <span className="delivery" data-delivery={delivery}>
      <Icon name={signs[delivery]} size="1.15em" /> {t(`state.${delivery}` as MessageKey)}
    </span>
  );
}

/** The honest line: is the server reached, since when not, and how much waits. */
export function StateLine() {
  const { client, board } = useApp();
  return client ? <Line client={client} board={board} /> : null;
}

function Line({ client, board }: { client: NonNullable<App["client"]>; board: Board | null }) {
  const { t, language } = useT();
  const connection = useObservable(client.connection);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  const last = connection.lastReached ? ago(language, connection.lastReached, Math.max(now, connection.lastReached)) : "";
  const online = connection.state === "connected";
  return (
    <div className="state-line no-print" role="status" data-state={connection.state}>
      <span className="state-dot" aria-hidden="true" />
      <span className="grow">
        {online ? t("conn.online") : last ? t("conn.offline", { ago: last }) : t("conn.never")}
        {connection.state === "refused" && connection.reason ? ` ${connection.reason}` : ""}
        {board && <Waiting board={board} />}
      </span>
      {!online && (
        <Button tone="quiet" onClick={() => client.retryNow()}>
          {t("conn.retry")}
        </Button>
      )}
    </div>
  );
}

function Waiting({ board }: { board: Board }) {
  const { t } = useT();
  const n = useWaiting(board);
  return n > 0 ? <> {t("conn.waiting", { n })}</> : null;
}
