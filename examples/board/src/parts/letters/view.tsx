import { useEffect, useState } from "react";
import type { Role } from "@tavle/client";
import { useBoard, useObservable } from "../../app/client";
import { loadMessages, type MessageKey, useT } from "../../app/i18n";
import { type Language, LANGUAGES } from "../../app/settings";
import { dayAndYear } from "../../app/time";
import { Button } from "../../components/button";
import { TextField } from "../../components/field";
import { say } from "../../components/toast";
import { useRoles } from "../join/member";
import { problemWords } from "../join/problem";
import { Answer } from "../owner/asked";
import { type Invites, type NewInvite, useAsked, useBoardCalls } from "../owner/calls";
import { dayFromNow, endOfDay, givable, RoleSelect } from "../owner/roles";
import { Preview, usePrinter } from "../print/paper";
import { Letter } from "./letter";

/** The most letters of one batch, and the days for which their codes work unless one says otherwise. */
const MOST = 500;
const DAYS = 60;

/** A batch of letters, one a household: made and printed at once, since the codes are shown only then; and how many were used. */
export function Letters() {
  const { t } = useT();
  const board = useBoard();
  const info = useObservable(board.info);
  const { get, post } = useBoardCalls(board.id);
  const asked = useAsked<Invites>(() => get<Invites>("invites"), board.id);
  const roles = givable(useRoles(board)).filter((r) => r !== "visitor");
  const languages = useBoardLanguages(info.languages);
  const [role, setRole] = useState<Role>("resident");
  const [count, setCount] = useState("20");
  const [until, setUntil] = useState(() => dayFromNow(DAYS));
  const [label, setLabel] = useState("");
  const [first, setFirst] = useState<Language>(languages[0]);
  const [second, setSecond] = useState<Language>(languages[1]);
  const [letters, setLetters] = useState<NewInvite[]>([]);
  const [busy, setBusy] = useState(false);
  const { print, roll } = usePrinter();

  // The letters speak languages that this screen may not: their words are fetched before anything is printed.
  const [worded, setWorded] = useState("");
  useEffect(() => {
    void Promise.all([loadMessages(first), loadMessages(second)]).then(() => setWorded(`${first} ${second}`));
  }, [first, second]);

  const make = async () => {
    setBusy(true);
    try {
      const spec = { role, count: Math.min(MOST, Math.max(1, Number(count) || 1)), until: endOfDay(until), label: label.trim() };
      const { letters: made } = await post<{ letters: NewInvite[] }>("letters", spec);
      setLetters(made);
      asked.again();
      window.scrollTo(0, 0);
    } catch (err) {
      say(problemWords(t, err));
    }
    setBusy(false);
  };
  const printAll = () => print(<>{letters.map((l) => <Letter key={l.id} invite={l} info={info} first={first} second={second} />)}</>);
  const pick = (language: Language, other: Language, set: (l: Language) => void, setOther: (l: Language) => void) => {
    if (language === other) setOther(LANGUAGES.find((l) => l !== language) ?? "en");
    set(language);
  };

  return (
    <>
      <p>{t("letters.lead")}</p>
      {letters.length > 0 && (
        <section className="owner-panel stack letters-made" aria-labelledby="letters-made">
          <h2 id="letters-made"><span role="status">{t("letters.made", { n: letters.length })}</span></h2>
          <p>{t("letters.once")}</p>
          <div className="row">
            <Button tone="primary" large icon="print" onClick={printAll}>{t("letters.print", { n: letters.length })}</Button>
            <Button tone="quiet" onClick={() => setLetters([])}>{t("letters.done")}</Button>
          </div>
          {letters[0] && worded && <Preview label={t("letters.preview")}><Letter invite={letters[0]} info={info} first={first} second={second} /></Preview>}
        </section>
      )}
      <form className="owner-panel stack" onSubmit={(e) => { e.preventDefault(); void make(); }}>
        <h2>{t("letters.make")}</h2>
        <div className="field-pair">
          <TextField label={t("letters.count")} hint={t("letters.countHint", { n: MOST })} type="number" inputMode="numeric" min={1} max={MOST} value={count} onChange={(e) => setCount(e.target.value)} />
          <TextField label={t("invite.untilField")} hint={t("invite.untilHint")} type="date" min={dayFromNow(0)} max={dayFromNow(365)} required value={until} onChange={(e) => setUntil(e.target.value)} />
        </div>
        {roles.length > 1 && <RoleSelect label={t("invite.role")} roles={roles} value={role} onChange={setRole} />}
        <TextField label={t("letters.label")} hint={t("letters.labelHint")} value={label} maxLength={60} autoComplete="off" onChange={(e) => setLabel(e.target.value)} />
        <div className="field-pair">
          <LanguageSelect label={t("letters.first")} value={first} onChange={(l) => pick(l, second, setFirst, setSecond)} />
          <LanguageSelect label={t("letters.second")} value={second} onChange={(l) => pick(l, first, setSecond, setFirst)} />
        </div>
        <div><Button type="submit" tone="primary" icon="add" disabled={busy}>{t(busy ? "join.busy" : "letters.do")}</Button></div>
      </form>
      <section className="stack" aria-labelledby="letters-list">
        <h2 id="letters-list">{t("letters.list")}</h2>
        <Answer asked={asked}>{({ batches }) => <Batches batches={batches} />}</Answer>
      </section>
      {roll}
    </>
  );
}

function LanguageSelect({ label, value, onChange }: { label: string; value: Language; onChange: (language: Language) => void }) {
  const { t } = useT();
  return (
    <label className="field">
      <span className="field-label">{label}</span>
      <select className="input" value={value} onChange={(e) => onChange(e.target.value as Language)}>
        {LANGUAGES.map((l) => <option key={l} value={l} lang={l}>{t(`lang.${l}` as MessageKey)}</option>)}
      </select>
    </label>
  );
}

function Batches({ batches }: { batches: Invites["batches"] }) {
  const { t, language } = useT();
  if (batches.length === 0) return <p className="quiet">{t("letters.none")}</p>;
  return (
    <ul className="list">
      {[...batches].sort((a, b) => b.made - a.made).map((b) => (
        <li key={b.batch} className="list-item invite-row">
          <div className="grow">
            <p className="strong">{b.label || t("letters.unnamed")}</p>
            <p className="quiet small">{dayAndYear(language, b.made)} · {t("invite.until", { day: dayAndYear(language, b.until) })}{b.revoked > 0 && ` · ${t("letters.ended", { n: b.revoked })}`}</p>
          </div>
          <p className="invite-used"><strong>{b.uses}</strong> {t("letters.usedOf", { n: b.usesMax })}</p>
        </li>
      ))}
    </ul>
  );
}

/** The board's first language, and a second one that is not the same. */
function useBoardLanguages(said: readonly string[]): [Language, Language] {
  const spoken = LANGUAGES.filter((l) => said.includes(l));
  const { language } = useT();
  const first = LANGUAGES.find((l) => l === said[0]) ?? language;
  return [first, spoken.find((l) => l !== first) ?? LANGUAGES.find((l) => l !== first && l === "en") ?? "da"];
}
