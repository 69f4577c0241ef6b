import { useState } from "react";
import { useT } from "../../app/i18n";
import { Button } from "../../components/button";

/** What was written here and not sent, to copy and to print. Nothing where there is nothing. */
export function Unsent({ texts, hint, offered }: { texts: readonly string[]; hint: "revoked.unsent" | "ended.unsent"; offered: boolean }) {
  const { t } = useT();
  const [copied, setCopied] = useState(false);
  if (texts.length === 0) return null;
  const copy = () => void navigator.clipboard.writeText(texts.join("\n\n")).then(() => setCopied(true), () => setCopied(false));
  return (
    <section className="revoked-unsent" aria-labelledby="unsent-title">
      <h2 id="unsent-title">{t("revoked.unsentTitle")}</h2>
      <p>{t(hint)}</p>
      <ul>
        {texts.map((text, i) => (
          <li key={`${i}${text}`} className="prose">{text}</li>
        ))}
      </ul>
      {offered && <p>{t("revoked.offered")}</p>}
      <div className="row no-print">
        <Button tone="primary" icon={copied ? "check" : "copy"} onClick={copy}>{t(copied ? "do.copied" : "revoked.copy")}</Button>
        <Button icon="print" onClick={() => window.print()}>{t("revoked.print")}</Button>
      </div>
    </section>
  );
}
