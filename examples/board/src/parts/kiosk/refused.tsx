import { useEffect } from "react";
import { useObservable } from "../../app/client";
import { useT } from "../../app/i18n";
import { Banner } from "../../components/banner";
import type { Client, Refusal } from "@tavle/client";
import { useMe } from "../join/member";

/**
 * What was refused of what this visitor `sent`, by its ids, as long as they are here. Of what others sent nothing is shown, and nothing is kept on a kiosk:
 * those who look after the board can read it.
 */
export function Refused({ client, sent }: { client: Client; sent: readonly string[] }) {
  const { t, language } = useT();
  const refusals = useObservable(client.refusals);
  const kiosk = useMe()?.member.kiosk === true;
  const own = (r: Refusal) => r.entries.some((id) => sent.includes(id));
  useEffect(() => {
    // A browser that is a person's too keeps them for that person.
    if (kiosk) for (const r of refusals) if (!own(r)) void client.dismissRefusal(r.id);
  }, [client, kiosk, refusals, sent]);
  return refusals.filter(own).map((r) => (
    <Banner key={r.id} tone="bad" icon="warning">
      <p className="strong">{t("kiosk.notTaken")}</p>
      <p>{r.sentences[language]}</p>
      {r.texts.map((text, i) => <blockquote key={`${i}${text}`} className="prose">{text}</blockquote>)}
    </Banner>
  ));
}
