import { useEffect, useState } from "react";
import { openClient, useObservable } from "../../app/client";
import { loadMessages, useT } from "../../app/i18n";
import { settings } from "../../app/settings";
import { Button } from "../../components/button";
import type { Client, Membership } from "@tavle/client";
import type { Page } from "../join/gate";
import { Gone } from "./gone";
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
  return client && <Told client={client} />;
}

function Told({ client }: { client: Client }) {
  const { t } = useT();
  const revoked = useObservable(client.revoked);
  const texts = revoked?.unsent.flatMap((u) => u.texts) ?? [];
  useEffect(() => {
    document.title = `${t("revoked.title")} · Tavle`;
  });
  return (
    <Gone
      title={t(revoked?.lease ? "revoked.leaseTitle" : "revoked.title")}
      lead={t(revoked?.lease ? "revoked.lease" : "revoked.lead")}
      unsent={<Unsent texts={texts} hint="revoked.unsent" offered={revoked?.offered === true} />}
      done={revoked?.wiped === true}
      unread={revoked?.unread === true && t("revoked.unread")}
      gone={t("revoked.wiped")}
      how={t("revoked.wipedHow")}
      next={<Button onClick={() => location.reload()}>{t("revoked.again")}</Button>}
    />
  );
}
