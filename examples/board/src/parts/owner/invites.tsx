import { useState } from "react";
import type { Role } from "@tavle/client";
import { useBoard } from "../../app/client";
import { useT } from "../../app/i18n";
import { ago, dayAndYear } from "../../app/time";
import { Button } from "../../components/button";
import { TextField } from "../../components/field";
import { say } from "../../components/toast";
import { useRoles } from "../join/member";
import { problemWords } from "../join/problem";
import { Answer } from "./asked";
import { type Invite, type Invites, type NewInvite, useAsked, useBoardCalls } from "./calls";
import { InviteCard } from "./invite-card";
import { dayFromNow, endOfDay, givable, RoleSelect, roleWord } from "./roles";

/** For how many days a code works unless one says otherwise. */
export const CODE_DAYS = 7;

/** Makes an invitation, and shows which there are and how often they were used. */
export function InvitesView() {
  const { t } = useT();
  const board = useBoard();
  const { get } = useBoardCalls(board.id);
  const asked = useAsked<Invites>(() => get<Invites>("invites"), board.id);
  const [made, setMade] = useState<NewInvite | null>(null);
  return (
    <>
      <p>{t("invite.lead")}</p>
      {made && (
        <div role="status">
          <InviteCard invite={made} />
        </div>
      )}
      <InviteForm
        onMade={(invite) => {
          setMade(invite);
          asked.again();
          window.scrollTo(0, 0);
        }}
      />
      <section className="stack" aria-labelledby="invites-list">
        <h2 id="invites-list">{t("invite.list")}</h2>
        <Answer asked={asked}>{({ invites }) => <InviteList invites={invites.filter((i) => !i.batch)} onChange={asked.again} />}</Answer>
      </section>
    </>
  );
}

function InviteForm({ onMade }: { onMade: (invite: NewInvite) => void }) {
  const { t } = useT();
  const board = useBoard();
  const { post } = useBoardCalls(board.id);
  const roles = givable(useRoles(board));
  const [role, setRole] = useState<Role>("resident");
  const [uses, setUses] = useState("1");
  const [until, setUntil] = useState(() => dayFromNow(CODE_DAYS));
  const [label, setLabel] = useState("");
  const [busy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    try {
      onMade(await post<NewInvite>("invites", { role, uses: Math.max(1, Number(uses) || 1), until: endOfDay(until), label: label.trim() }));
      setLabel("");
    } catch (err) {
      say(problemWords(t, err));
    }
    setBusy(false);
  };
  return (
    <form className="owner-panel stack" onSubmit={(e) => { e.preventDefault(); void make(); }}>
      <h2>{t("invite.make")}</h2>
      {roles.length > 1 && <RoleSelect label={t("invite.role")} roles={roles} value={role} onChange={setRole} />}
      <div className="field-pair">
        <TextField label={t("invite.usesField")} hint={t("invite.usesHint")} type="number" inputMode="numeric" min={1} max={10_000} value={uses} onChange={(e) => setUses(e.target.value)} />
        <TextField label={t("invite.untilField")} hint={t("invite.untilHint")} type="date" min={dayFromNow(0)} max={dayFromNow(365)} required value={until} onChange={(e) => setUntil(e.target.value)} />
      </div>
      <TextField label={t("invite.label")} hint={t("invite.labelHint")} value={label} maxLength={60} autoComplete="off" onChange={(e) => setLabel(e.target.value)} />
      <div>
        <Button type="submit" tone="primary" icon="add" disabled={busy}>{t("invite.do")}</Button>
      </div>
    </form>
  );
}

function InviteList({ invites, onChange }: { invites: Invite[]; onChange: () => void }) {
  const { t, language } = useT();
  const board = useBoard();
  const { post } = useBoardCalls(board.id);
  const end = (invite: Invite) =>
    post(`invites/${invite.id}/revoke`).then(
      () => {
        say(t("invite.ended"));
        onChange();
      },
      (err: unknown) => say(problemWords(t, err)),
    );
  if (invites.length === 0) return <p className="quiet">{t("invite.none")}</p>;
  const sorted = [...invites].sort((a, b) => Number(b.open) - Number(a.open) || b.made - a.made);
  return (
    <ul className="list">
      {sorted.map((i) => {
        const name = i.label || i.roles.map((r) => roleWord(t, r)).join(", ");
        return (
          <li key={i.id} className="list-item invite-row" data-open={i.open}>
            <div className="grow">
              <p className="strong">{name}</p>
              <p className="quiet small">
                {i.label && `${i.roles.map((r) => roleWord(t, r)).join(", ")} · `}
                {t("invite.made", { ago: ago(language, i.made) })} · {i.open ? t("invite.until", { day: dayAndYear(language, i.until) }) : t(i.revoked ? "invite.wasEnded" : i.uses >= i.usesMax ? "invite.usedUp" : i.void ? "invite.void" : "invite.tooOld")}
              </p>
            </div>
            <p className="invite-used">
              <strong>{i.uses}</strong> {t("invite.usedOf", { n: i.usesMax })}
            </p>
            {i.open && <Button tone="quiet" aria-label={`${t("invite.end")}: ${name}`} onClick={() => void end(i)}>{t("invite.end")}</Button>}
          </li>
        );
      })}
    </ul>
  );
}
