import { useEffect, useState } from "react";
import { openClient, useObservable } from "../../app/client";
import { loadMessages, useT } from "../../app/i18n";
import { settings } from "../../app/settings";
import { Banner } from "../../components/banner";
import { Button } from "../../components/button";
import { Icon } from "../../design/icon";
import type { Client, Membership } from "@tavle/client";
import type { Page } from "../join/gate";
import { Unsent } from "./unsent";
import "../join/style.css";
import "./style.css";

await loadMessages(settings().language, "member.");

/** In the place of everything: what was not sent first, as long as it is still somewhere; then that the device has forgotten the board. */
export default function Revoked({ membership, page }: { membership: Membership; page: Page }) {
  const [client, setClient] = useState<Client | null>(null);
  // A device that is told so at its start has not opened its storage yet, and has to in order to empty it.
  useEffect(() => {
    void openClient({ origin: page, membership }).then(setClient);
  }, [membership, page]);
  return client && <Gone client={client} />;
}

function Gone({ client }: { client: Client }) {
  const { t } = useT();
  const revoked = useObservable(client.revoked);
  const texts = revoked?.unsent.flatMap((u) => u.texts) ?? [];
  useEffect(() => {
    document.title = `${t("revoked.title")} · Tavle`;
  });
  return (
    <div className="join">
      <header className="join-head no-print">
        <div className="join-head-row">
          <p className="join-name">Tavle</p>
        </div>
      </header>
      <main className="revoked-main">
        <h1>{t(revoked?.lease ? "revoked.leaseTitle" : "revoked.title")}</h1>
        <p>{t(revoked?.lease ? "revoked.lease" : "revoked.lead")}</p>
        <Unsent texts={texts} hint="revoked.unsent" offered={revoked?.offered === true} />
        <div role="status" className="no-print">
          {revoked?.wiped ? (
            <Banner icon="check">
              <p className="strong">{t("revoked.wiped")}</p>
              <p>{t("revoked.wipedHow")}</p>
            </Banner>
          ) : (
            <p className="fact"><Icon name="waiting" /> {t("revoked.wiping")}</p>
          )}
        </div>
        {revoked?.wiped && (
          <div className="row no-print">
            <Button onClick={() => location.reload()}>{t("revoked.again")}</Button>
          </div>
        )}
      </main>
    </div>
  );
}
