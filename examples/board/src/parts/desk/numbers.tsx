import { useState } from "react";
import { useBoard, useObservable } from "../../app/client";
import { type MessageKey, useT } from "../../app/i18n";
import { Choice } from "../../components/choice";
import { countPosts } from "./lists";
import { PosterScans } from "./scans";

const ASKS = ["self", "family", "neighbour", "volunteer", "professional", "legalRepresentative"] as const;

/** How it goes: posts, those for neighbours who are not online, and how many got an answer. */
export function Numbers() {
  const { t, language } = useT();
  const posts = useObservable(useBoard().posts);
  const [days, setDays] = useState<"7" | "30" | "90">("30");
  const n = countPosts(posts, Number(days), Date.now());
  const percent = (part: number) => (n.posts === 0 ? "–" : new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }).format(part / n.posts));
  const figures: [MessageKey, string, string][] = [
    ["desk.n.posts", String(n.posts), t("desk.n.open", { n: n.open })],
    ["desk.n.proxy", percent(n.proxy), t("desk.n.of", { part: n.proxy, all: n.posts })],
    ["desk.n.answered", percent(n.answered), t("desk.n.of", { part: n.answered, all: n.posts })],
    ["desk.n.found", String(n.foundHere + n.foundElsewhere), t("desk.n.elsewhere", { n: n.foundElsewhere })],
  ];
  return (
    <div className="stack">
      <div className="desk-head-row">
        <h1>{t("desk.numbers")}</h1>
        <Choice label={t("desk.period")} hideLabel value={days} onChange={setDays} options={(["7", "30", "90"] as const).map((value) => ({ value, label: t("desk.lastDays", { n: Number(value) }) }))} />
      </div>
      <dl className="figures">
        {figures.map(([key, figure, more]) => (
          <div key={key}>
            <dt>{t(key)}</dt>
            <dd><strong>{figure}</strong> <span className="quiet">{more}</span></dd>
          </div>
        ))}
      </dl>
      <section className="stack-s">
        <h2>{t("desk.n.by")}</h2>
        <ul className="bars">
          {ASKS.map((kind) => (
            <li key={kind}>
              <span>{t(`desk.asks.${kind}`)}</span>
              <meter min={0} max={Math.max(1, n.proxy)} value={n.by[kind] ?? 0} aria-label={t(`desk.asks.${kind}`)} />
              <strong>{n.by[kind] ?? 0}</strong>
            </li>
          ))}
        </ul>
      </section>
      <PosterScans />
    </div>
  );
}
