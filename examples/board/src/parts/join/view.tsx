import { useEffect, useRef, useState } from "react";
import { normalCode, Problem } from "@tavle/client";
import { loadMessages, type MessageKey, useT } from "../../app/i18n";
import { parse } from "../../app/route";
import { choose, LANGUAGES, settings } from "../../app/settings";
import { Banner } from "../../components/banner";
import { Button } from "../../components/button";
import { TextField } from "../../components/field";
import { Skyline } from "../../components/skyline";
import { Icon, type IconName } from "../../design/icon";
import { Code, CodeField, grouped } from "./code-field";
import type { Page } from "./gate";
import { useMembership } from "./member";
import { problemOf, problemWords } from "./problem";
import "./style.css";

await loadMessages(settings().language, "member.");

/** The length of a code as it is shown. */
const CODE_SHOWN = 11;

/** How soon a code that could not be sent is tried again, in ms. */
const AGAIN = 4_000;

/** The way in: a link with one press, or a code. `code` is that of a link; `reached` says whether the server was there. */
export default function Join({ page, code, reached, onIn }: { page: Page; code: string | null; reached: boolean; onIn: () => void }) {
  const { t } = useT();
  useEffect(() => {
    document.title = `${t(page === "kiosk" ? "join.titleKiosk" : "join.title")} · Tavle`;
  });
  return (
    <div className="join">
      <header className="join-head">
        <div className="join-head-row">
          <p className="join-name">Tavle</p>
          <LanguageChoice />
        </div>
        <Skyline />
      </header>
      <main className="join-main">
        <h1>{t(page === "kiosk" ? "join.titleKiosk" : "join.title")}</h1>
        <JoinForm page={page} code={code} reached={reached} onIn={onIn} />
        <Plainly kiosk={page === "kiosk"} />
      </main>
    </div>
  );
}

function LanguageChoice() {
  const { t, language } = useT();
  return (
    <div className="join-languages" role="group" aria-label={t("settings.language")}>
      {LANGUAGES.map((l) => (
        <button key={l} type="button" lang={l} aria-pressed={l === language} onClick={() => void loadMessages(l).then(() => choose({ language: l }))}>
          {t(`lang.${l}`)}
        </button>
      ))}
    </div>
  );
}

/** The code and what becomes of it. Offline it is kept, in memory only, until the server is reached. */
export function JoinForm({ page, code: fromLink, reached, onIn }: { page: Page; code: string | null; reached: boolean; onIn: () => void }) {
  const { t, language } = useT();
  const membership = useMembership();
  const [link, setLink] = useState(fromLink);
  const [code, setCode] = useState("");
  const [label, setLabel] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(reached ? null : new Problem("unreachable", ""));
  const [kept, setKept] = useState("");
  const wait = useCountdown(problem);
  const named = label ?? suggestion(t, page);

  const join = async (what: string) => {
    if (!membership) return;
    if (!normalCode(what)) {
      setProblem(new Problem("short", ""));
      return;
    }
    setBusy(true);
    try {
      await membership.join(what, { label: named.trim(), kind: page });
      setKept("");
      onIn();
    } catch (err) {
      const failed = problemOf(err);
      setProblem(failed);
      setKept(failed.code === "unreachable" ? what : "");
      setBusy(false);
    }
  };

  // The person has said yes: what could not be sent is sent by itself.
  const again = useRef(join);
  again.current = join;
  useEffect(() => {
    if (!kept || busy) return;
    const retry = () => void again.current(kept);
    const timer = setTimeout(retry, AGAIN);
    window.addEventListener("online", retry);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("online", retry);
    };
  }, [kept, busy]);

  if (kept) {
    return (
      <Banner tone="warn" icon="waiting">
        <div className="stack-s" role="status">
          <p className="strong">{t("join.keptTitle")}</p>
          <p>{t("join.kept")}</p>
          <div className="row">
            <Button icon="clock" onClick={() => void join(kept)}>
              {t("conn.retry")}
            </Button>
            <Button tone="quiet" onClick={() => { setKept(""); setLink(null); }}>
              {t("join.dropCode")}
            </Button>
          </div>
        </div>
      </Banner>
    );
  }
  const wrong = problem && problem.code !== "slow" ? (problem.code === "short" ? t(code.length > CODE_SHOWN ? "join.notSecret" : "join.short") : problemWords(t, problem)) : undefined;
  const name = (
    <TextField label={t("join.device")} hint={t("join.deviceHint")} value={named} maxLength={60} autoComplete="off" onChange={(e) => setLabel(e.target.value)} />
  );
  const slow = wait > 0 && (
    <Banner tone="warn" icon="clock">
      <p role="status">{t("problem.slow", { n: wait })}</p>
    </Banner>
  );
  if (link) {
    return (
      <form className="join-form" onSubmit={(e) => { e.preventDefault(); void join(link); }}>
        <p>{t(page === "kiosk" ? "join.linkKiosk" : "join.link")}</p>
        <Code code={link} />
        {name}
        {slow}
        {wrong && <p className="field-error" role="alert"><Icon name="warning" /> <span>{wrong}</span></p>}
        <div className="row">
          <Button type="submit" tone="primary" large icon="check" disabled={busy || wait > 0}>
            {t(busy ? "join.busy" : "join.yes")}
          </Button>
          <Button tone="quiet" onClick={() => { setLink(null); setProblem(null); }}>
            {t("join.otherCode")}
          </Button>
        </div>
      </form>
    );
  }
  return (
    <form className="join-form" onSubmit={(e) => { e.preventDefault(); void join(code); }} lang={language}>
      <p>{t(page === "kiosk" ? "join.leadKiosk" : parse(location.hash).view === "claim" ? "join.leadClaim" : "join.lead")}</p>
      <CodeField value={code} onChange={(next) => { setCode(grouped(next)); if (problem?.code !== "slow") setProblem(null); }} error={wrong} />
      {name}
      {slow}
      <div>
        <Button type="submit" tone="primary" large icon="check" disabled={busy || wait > 0}>
          {t(busy ? "join.busy" : "join.do")}
        </Button>
      </div>
    </form>
  );
}

/** Counts the seconds down that the server asks to wait. */
function useCountdown(problem: Problem | null): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    const until = problem?.code === "slow" ? Date.now() + (problem.seconds ?? 60) * 1000 : 0;
    const look = () => setLeft(Math.max(0, Math.ceil((until - Date.now()) / 1000)));
    look();
    if (!until) return;
    const timer = setInterval(look, 1000);
    return () => clearInterval(timer);
  }, [problem]);
  return left;
}

function suggestion(t: (key: MessageKey) => string, page: Page): string {
  const kind = page !== "phone" ? page : matchMedia("(pointer: coarse)").matches ? "phone" : "computer";
  const device = t(`join.suggest.${kind}` as MessageKey);
  const { name } = settings();
  return name && page !== "kiosk" ? `${name}, ${device.toLowerCase()}` : device;
}

const points: { icon: IconName; title: MessageKey; text: MessageKey; textKiosk: MessageKey }[] = [
  { icon: "info", title: "join.knowsTitle", text: "join.knows", textKiosk: "join.knowsKiosk" },
  { icon: "person", title: "join.whoTitle", text: "join.who", textKiosk: "join.who" },
  { icon: "remove", title: "join.noTitle", text: "join.no", textKiosk: "join.noKiosk" },
];

/** What the server will know, who is responsible, how to say no: before anybody joins. */
function Plainly({ kiosk }: { kiosk: boolean }) {
  const { t } = useT();
  return (
    <div className="join-plainly">
      {points.map((p) => (
        <section key={p.title} className="join-point">
          <Icon name={p.icon} size="1.6em" />
          <div>
            <h2>{t(p.title)}</h2>
            <p>{t(kiosk ? p.textKiosk : p.text)}</p>
          </div>
        </section>
      ))}
    </div>
  );
}
