import { useEffect, useState } from "react";
import { type App, useApp, useObservable, useWaiting } from "../../app/client";
import { useT } from "../../app/i18n";
import { ago } from "../../app/time";
import { StateLine } from "../../components/state";
import type { Board } from "@tavle/client";
import { Icon } from "../../design/icon";

type Contents = Awaited<ReturnType<NonNullable<App["client"]>["contents"]>>;

/** What is on this device, for how long, and what has not been sent: in words and numbers. */
export function DeviceView() {
  const { t } = useT();
  const { client, board } = useApp();
  return (
    <div className="stack page">
      <h1>{t("nav.device")}</h1>
      <p>{t("device.intro")}</p>
      {client && <Contents client={client} board={board} />}
    </div>
  );
}

function Contents({ client, board }: { client: NonNullable<App["client"]>; board: Board | null }) {
  const { t, language } = useT();
  const device = useObservable(client.device);
  const connection = useObservable(client.connection);
  const [contents, setContents] = useState<Contents | null>(null);
  useEffect(() => {
    void client.contents().then(setContents);
  }, [client]);
  const kilobytes = (contents?.bytes ?? 0) / 1e3;
  const [amount, unit] = kilobytes < 1e3 ? [kilobytes, "kilobyte"] : [kilobytes / 1e3, "megabyte"];
  const size = new Intl.NumberFormat(language, { style: "unit", unit, maximumFractionDigits: amount < 10 ? 1 : 0 }).format(amount);
  return (
    <>
      <StateLine />
      <ul className="list">
        {contents && (
          <>
            <li className="list-item">
              <Icon name="board" />
              <span className="grow">{t("device.posts", { n: contents.posts })}</span>
            </li>
            <li className="list-item">
              <Icon name="copy" />
              <span className="grow">{t("device.documents", { n: contents.documents })}</span>
            </li>
          </>
        )}
        {contents && (
          <li className="list-item">
            <Icon name="device" />
              <span className="grow">{t("device.space", { size })}</span>
          </li>
        )}
        {board && <Waiting board={board} />}
        <li className="list-item">
          <Icon name="sent" />
          <span className="grow">{connection.lastReached ? t("device.last", { ago: ago(language, connection.lastReached) }) : t("device.lastNever")}</span>
        </li>
      </ul>
      <p>{t(device.persisted ? "device.persisted" : "device.notPersisted")}</p>
    </>
  );
}

function Waiting({ board }: { board: Board }) {
  const { t } = useT();
  return (
    <li className="list-item">
      <Icon name="waiting" />
              <span className="grow">{t("device.waiting", { n: useWaiting(board) })}</span>
    </li>
  );
}
