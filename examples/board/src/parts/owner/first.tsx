import { useState } from "react";
import { AppContext, useApp } from "../../app/client";
import { loadMessages, type MessageKey, useT } from "../../app/i18n";
import { go } from "../../app/route";
import { type Language, LANGUAGES, settings } from "../../app/settings";
import { Button } from "../../components/button";
import { Choice } from "../../components/choice";
import { TextField } from "../../components/field";
import type { Board, MyBoard } from "@tavle/client";
import { useMembership } from "../join/member";
import { problemWords } from "../join/problem";
import type { NewInvite } from "./calls";
import { InviteCard } from "./invite-card";
import { dayFromNow, endOfDay } from "./roles";
import "./style.css";

await Promise.all([loadMessages(settings().language, "member."), loadMessages(settings().language, "owner.")]);

/** The invitations that a new board begins with. */
const FIRST: { key: MessageKey; body: { role: string; uses: number; days: number } }[] = [
  { key: "first.kiosk", body: { role: "visitor", uses: 1, days: 30 } },
  { key: "first.neighbours", body: { role: "resident", uses: 200, days: 90 } },
  { key: "first.volunteers", body: { role: "connector", uses: 10, days: 30 } },
];

/** Whoever runs the server makes a board, and gets the codes for a kiosk, neighbours and volunteers with it. */
export default function First() {
  const { t, language } = useT();
  const app = useApp();
  const membership = useMembership();
  const [title, setTitle] = useState("");
  const [lang, setLang] = useState<Language>(language);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const [made, setMade] = useState<{ board: Board; invites: (NewInvite & { title: MessageKey })[] } | null>(null);

  const make = async () => {
    if (!membership || !app.client) return;
    if (!title.trim()) return setProblem(t("first.needTitle"));
    setBusy(true);
    setProblem("");
    // An address of its own: with a board to open, the start page would open it, and the codes are shown only here.
    go({ view: "first" }, "replace");
    try {
      const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      const { id } = await membership.call<MyBoard>("POST", "/v1/boards", { title: title.trim(), lang, timeZone });
      await membership.refresh();
      app.client.retryNow();
      const invites: (NewInvite & { title: MessageKey })[] = [];
      for (const { key, body } of FIRST) {
        const { role, uses, days } = body;
        const spec = { role, uses, until: endOfDay(dayFromNow(days)), label: t(key) };
        invites.push({ ...(await membership.call<NewInvite>("POST", `/v1/boards/${id}/invites`, spec)), title: key });
      }
      const board = await open(app.client, id);
      setMade({ board, invites });
    } catch (err) {
      setProblem(problemWords(t, err));
    }
    setBusy(false);
  };

  if (made) {
    return (
      <AppContext value={{ ...app, board: made.board }}>
        <div className="stack page page-wide">
          <h1>{t("first.doneTitle")}</h1>
          <p>{t("first.done")}</p>
          {made.invites.map((i) => <InviteCard key={i.id} invite={i} title={t(i.title)} />)}
          <div>
            <Button tone="primary" large icon="board" onClick={() => go({ board: made.board.id, view: "board" })}>{t("first.toBoard")}</Button>
          </div>
        </div>
      </AppContext>
    );
  }
  return (
    <form className="stack page" onSubmit={(e) => { e.preventDefault(); void make(); }}>
      <h1>{t("first.title")}</h1>
      <p>{t("first.lead")}</p>
      <TextField label={t("boards.name")} hint={t("first.nameHint")} value={title} maxLength={60} autoComplete="off" error={problem || undefined} onChange={(e) => setTitle(e.target.value)} />
      <Choice label={t("first.language")} value={lang} onChange={setLang} options={LANGUAGES.map((value) => ({ value, label: t(`lang.${value}` as MessageKey) }))} />
      <div>
        <Button type="submit" tone="primary" large icon="add" disabled={busy}>{t(busy ? "join.busy" : "first.do")}</Button>
      </div>
    </form>
  );
}

/** The connection begins anew when a role is new; the board is there soon after. */
async function open(client: NonNullable<ReturnType<typeof useApp>["client"]>, id: string): Promise<Board> {
  for (let tries = 0; ; tries++) {
    try {
      return await client.openBoard(id);
    } catch (err) {
      if (tries >= 5) throw err;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}
