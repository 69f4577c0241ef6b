import { useObservable } from "../../app/client";
import { loadMessages, useT } from "../../app/i18n";
import { settings } from "../../app/settings";
import { ago } from "../../app/time";
import { Button } from "../../components/button";
import { say } from "../../components/toast";
import { Icon } from "../../design/icon";
import type { Client, Refusal } from "@tavle/client";
import "./style.css";

await loadMessages(settings().language, "member.");

/** What was written here and the server did not take: why, and the text, until the person has seen it. */
export default function Refusals({ client }: { client: Client }) {
  const { t } = useT();
  const refusals = useObservable(client.refusals);
  if (refusals.length === 0) return null;
  return (
    <section className="refusals" aria-labelledby="refusals-title">
      <h2 id="refusals-title"><Icon name="warning" /> {t("refusals.title", { n: refusals.length })}</h2>
      <ul>
        {refusals.map((r) => <Item key={r.id} refusal={r} client={client} />)}
      </ul>
    </section>
  );
}

function Item({ refusal, client }: { refusal: Refusal; client: Client }) {
  const { t, language } = useT();
  const { texts } = refusal;
  const copy = () =>
    void navigator.clipboard.writeText(texts.join("\n\n")).then(
      () => say(t("do.copied")),
      (err: unknown) => say(t("form.failed", { reason: String(err) })),
    );
  return (
    <li className="refusal">
      <p className="strong">{refusal.sentences[language]}</p>
      <p className="quiet small">{t("refusals.when", { ago: ago(language, refusal.at) })}</p>
      {texts.map((text, i) => <blockquote key={`${i}${text}`} className="prose">{text}</blockquote>)}
      <p className="small">{t("refusals.rest")}</p>
      <div className="row">
        {texts.length > 0 && <Button icon="copy" onClick={copy}>{t("share.copyText")}</Button>}
        <Button tone="quiet" icon="check" onClick={() => void client.dismissRefusal(refusal.id)}>{t("do.understood")}</Button>
      </div>
    </li>
  );
}
