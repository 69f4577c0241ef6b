import type { ReactNode } from "react";
import { type MessageKey, useT } from "../../app/i18n";
import { TextArea, TextField } from "../../components/field";
import { Icon } from "../../design/icon";
import { bodyMax, type Finding, titleMax } from "@tavle/client";
import { thoughts } from "../kiosk/hints";
import { names, refusals } from "./refusals";

/** What is written about a neighbour, in words of one's own. */
export interface Words {
  title: string;
  body: string;
  place?: string;
}

const textsOf = (words: Words) => [words.title, words.body, words.place ?? ""];

/** isSafe: there is a title, and nothing that must not stand in the document. */
export function isSafe(words: Words): boolean {
  return words.title.trim() !== "" && textsOf(words).every((text) => refusals(text).length === 0);
}

/** The three fields of words, looked at while they are written. `children` stand with the hints. */
export function SafeText({ text, onChange, tried, children }: { text: Words; onChange: (change: Partial<Words>) => void; tried: boolean; children?: ReactNode }) {
  const { t } = useT();
  const texts = textsOf(text);
  const words = thoughts(texts.join("\n"));
  const titles = names(texts.join("\n"));
  const error = (i: number): ReactNode => {
    const found = refusals(texts[i] ?? "");
    return found.length > 0 ? <Refusal text={texts[i] ?? ""} found={found} /> : undefined;
  };
  return (
    <>
      <div data-question>
        <TextField label={t("form.title")} value={text.title} maxLength={titleMax} autoComplete="off" onChange={(e) => onChange({ title: e.target.value })}
          error={error(0) ?? (tried && text.title.trim() === "" ? t("form.needTitle") : undefined)} />
      </div>
      <TextArea label={t("form.body")} rows={4} value={text.body} maxLength={bodyMax} onChange={(e) => onChange({ body: e.target.value })} error={error(1)} />
      <TextField label={t("desk.place")} hint={t("form.placeHint")} value={text.place ?? ""} maxLength={200} autoComplete="off" onChange={(e) => onChange({ place: e.target.value })} error={error(2)} />
      <div className="entry-hints" aria-live="polite">
        {words.health && <p className="field-thought"><Icon name="info" /> <span>{t("desk.health", { words: words.health.join(", ") })}</span></p>}
        {words.suspicion && <p className="field-thought"><Icon name="info" /> <span>{t("desk.suspicion")}</span></p>}
        {titles.length > 0 && <p className="field-thought"><Icon name="person" /> <span>{t("desk.name", { words: titles.join(", ") })}</span></p>}
        {children}
      </div>
    </>
  );
}

/** What was found and why it cannot stand there, with the words marked. */
function Refusal({ text, found }: { text: string; found: readonly Finding[] }) {
  const { t } = useT();
  const kinds = [...new Set(found.map((f) => f.kind))];
  const parts: ReactNode[] = [];
  let at = 0;
  for (const f of found) {
    if (f.start < at) continue;
    parts.push(text.slice(Math.max(at, f.start - 24), f.start), <mark key={f.start}>{text.slice(f.start, f.end)}</mark>);
    at = f.end;
  }
  return (
    <>
      <span className="refused">{parts}</span>
      {kinds.map((kind) => <span key={kind} className="refused-why">{t((["phone", "cpr", "bsn", "email", "address"].includes(kind) ? `desk.refuse.${kind}` : "form.personal.other") as MessageKey)}</span>)}
    </>
  );
}
