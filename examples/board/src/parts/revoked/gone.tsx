import type { ReactNode } from "react";
import { useT } from "../../app/i18n";
import { Banner } from "../../components/banner";
import { Button } from "../../components/button";
import { Icon } from "../../design/icon";

/** Something goes from this device: why, what was not sent of it, that it has gone, and what to do then. `unread`: why it cannot go yet. */
export function Gone(props: { title: ReactNode; lead: string; unsent: ReactNode; unread?: string | false; done: boolean; gone: string; how: string; next: ReactNode }) {
  const { t } = useT();
  return (
    <div className="join">
      <header className="join-head no-print">
        <div className="join-head-row">
          <p className="join-name">Tavle</p>
        </div>
      </header>
      <main className="revoked-main">
        <h1>{props.title}</h1>
        <p>{props.lead}</p>
        {props.unsent}
        <div role="status" className="no-print">
          {props.done ? (
            <Banner icon="check">
              <p className="strong">{props.gone}</p>
              <p>{props.how}</p>
            </Banner>
          ) : props.unread ? (
            <Banner tone="warn" icon="warning">
              <div className="stack-s">
                <p>{props.unread}</p>
                <div>
                  <Button onClick={() => location.reload()}>{t("conn.retry")}</Button>
                </div>
              </div>
            </Banner>
          ) : (
            <p className="fact"><Icon name="waiting" /> {t("revoked.wiping")}</p>
          )}
        </div>
        {props.done && <div className="row no-print">{props.next}</div>}
      </main>
    </div>
  );
}
