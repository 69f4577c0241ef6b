import { useEffect } from "react";
import { useObservable } from "../../app/client";
import { loadMessages, useT } from "../../app/i18n";
import { settings } from "../../app/settings";
import { Banner } from "../../components/banner";
import { Button } from "../../components/button";
import { Icon } from "../../design/icon";
import type { Client } from "@tavle/client";
import { Unsent } from "./unsent";
import "../join/style.css";
import "./style.css";

await loadMessages(settings().language, "member.");

/** In the place of everything, until the person has seen it: a board that they do not belong to any more, and what was not sent there. */
export default function EndedView({ client }: { client: Client }) {
  const { t } = useT();
  const ended = useObservable(client.ended);
  const [first] = ended;
  const title = first && (first.title ? t("ended.title", { board: first.title }) : t("ended.untitled"));
  useEffect(() => {
    if (title) document.title = `${title} · Tavle`;
  }, [title]);
  if (!first) return null;
  // The page begins anew, with what is left: addresses of the board lead nowhere.
  const goOn = () => void client.dismissEnded(first.board).then(() => ended.length === 1 && location.replace(location.pathname));
  return (
    <div className="join">
      <header className="join-head no-print">
        <div className="join-head-row">
          <p className="join-name">Tavle</p>
        </div>
      </header>
      <main className="revoked-main">
        <h1>{title}</h1>
        <p>{t("ended.lead")}</p>
        <Unsent key={first.board} texts={first.unsent.flatMap((u) => u.texts)} hint="ended.unsent" offered={first.offered === true} />
        <div role="status" className="no-print">
          {first.removed ? (
            <Banner icon="check">
              <p className="strong">{t("ended.removed")}</p>
              <p>{t("ended.removedHow")}</p>
            </Banner>
          ) : (
            <p className="fact"><Icon name="waiting" /> {t("revoked.wiping")}</p>
          )}
        </div>
        {first.removed && (
          <div className="row no-print">
            <Button onClick={goOn}>{t("ended.go")}</Button>
          </div>
        )}
      </main>
    </div>
  );
}
