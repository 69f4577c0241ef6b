import { useState } from "react";
import { useBoard } from "../../app/client";
import { type MessageKey, type Translate, useT } from "../../app/i18n";
import { dayAndClock } from "../../app/time";
import { Button } from "../../components/button";
import { say } from "../../components/toast";
import { useMe } from "../join/member";
import { problemWords } from "../join/problem";
import { Answer } from "./asked";
import { useAsked, useBoardCalls } from "./calls";
import { roleWord } from "./roles";

/** One thing that was done, as the server has it. */
interface Done {
  n: number;
  at: number;
  by: string;
  byLabel?: string;
  act: string;
  subject?: string;
  subjectLabel?: string;
  roles?: string[];
  count?: number;
}

interface Page {
  entries: Done[];
  next?: number;
}

const ACTS = [
  "boardCreated", "boardRenamed", "boardArchived", "boardResumed", "invited", "inviteRevoked", "joined", "deviceAdded",
  "granted", "ungranted", "removed", "deviceRevoked", "left", "forgotten", "refusedDeleted",
];

/** What was done on the board, the latest first: who changed who may do what. */
export function HistoryView() {
  const { t, language } = useT();
  const board = useBoard();
  const me = useMe();
  const { get } = useBoardCalls(board.id);
  const asked = useAsked<Page>(() => get<Page>("audit"), board.id);
  const [older, setOlder] = useState<Page[]>([]);
  const [busy, setBusy] = useState(false);
  const name = (ref: string | undefined, label: string | undefined): string => {
    const word = label || t("owner.unnamed");
    return ref && ref === me?.member.ref ? `${word} ${t("owner.you")}` : word;
  };
  const more = (before: number) => {
    setBusy(true);
    get<Page>(`audit?before=${before}`)
      .then((page) => setOlder((pages) => [...pages, page]), (err: unknown) => say(problemWords(t, err)))
      .finally(() => setBusy(false));
  };
  return (
    <>
      <p>{t("history.lead")}</p>
      <Answer asked={asked}>
        {(first) => {
          const pages = [first, ...older];
          const entries = pages.flatMap((p) => p.entries);
          const next = pages.at(-1)?.next;
          return (
            <>
              {entries.length === 0 && next === undefined && <p className="quiet">{t("history.none")}</p>}
              <ol className="list">
                {entries.map((e) => (
                  <li key={e.n} className="list-item">
                    <div className="grow">
                      <p>{sentence(t, e, name(e.subject, e.subjectLabel))}</p>
                      <p className="quiet small">
                        {dayAndClock(language, e.at)}
                        {e.by !== e.subject && ` · ${t("history.by", { who: doer(t, e, name(e.by, e.byLabel)) })}`}
                      </p>
                    </div>
                  </li>
                ))}
              </ol>
              {next !== undefined && (
                <div>
                  <Button disabled={busy} onClick={() => more(next)}>{t("history.more")}</Button>
                </div>
              )}
            </>
          );
        }}
      </Answer>
    </>
  );
}

/** Who did it: a member, or the server and whoever runs it. */
function doer(t: Translate, { by }: Done, name: string): string {
  if (by === "operator") return t("history.operator");
  return by === "" || by === "server" || by === "setup" || by === "demo" ? t("history.server") : name;
}

function sentence(t: Translate, e: Done, whom: string): string {
  const roles = (e.roles ?? []).map((r) => roleWord(t, r)).join(", ");
  if (e.act === "invited" && e.count) return t("history.act.letters", { n: e.count, roles });
  if (e.act === "invited" && e.subject) return t("history.act.invitedDevice", { whom });
  if (!ACTS.includes(e.act)) return t("history.act.other", { act: e.act });
  const said = t(`history.act.${e.act}` as MessageKey, { whom, roles });
  return e.count ? `${said} ${t("owner.invitesEnded", { n: e.count })}` : said;
}
