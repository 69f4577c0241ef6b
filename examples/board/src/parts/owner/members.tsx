import { useState } from "react";
import type { Role } from "@tavle/client";
import { useBoard } from "../../app/client";
import { type Translate, useT } from "../../app/i18n";
import { dayAndYear } from "../../app/time";
import { Button } from "../../components/button";
import { Sheet } from "../../components/dialog";
import { TextField } from "../../components/field";
import { say } from "../../components/toast";
import { Icon } from "../../design/icon";
import { useMe, useRoles } from "../join/member";
import { problemWords } from "../join/problem";
import { Answer } from "./asked";
import { type Asked, type Device, type Member, type Removed, useAsked, useBoardCalls } from "./calls";
import { DeviceRow } from "./device";
import { dayFromNow, endOfDay, givable, RoleSelect, RoleTag } from "./roles";

interface Everybody {
  members: Member[];
  devices: Device[];
}

/** Who belongs to the board, with what roles and devices; kiosks beside people. */
export function MembersView() {
  const { t } = useT();
  const board = useBoard();
  const { get } = useBoardCalls(board.id);
  const asked = useAsked<Everybody>(async () => {
    const [{ members }, { devices }] = await Promise.all([get<{ members: Member[] }>("members"), get<{ devices: Device[] }>("devices")]);
    return { members, devices };
  }, board.id);
  return (
    <>
      <p>{t("owner.membersLead")}</p>
      <Answer asked={asked}>
        {({ members, devices }) => {
          const belonging = members.filter((m) => held(m).length > 0);
          const before = members.filter((m) => held(m).length === 0);
          return (
            <>
              <p className="quiet" role="status">{t("owner.membersCount", { people: belonging.filter((m) => !m.kiosk).length, kiosks: belonging.filter((m) => m.kiosk).length })}</p>
              <ul className="member-list">
                {belonging.map((m) => <MemberCard key={m.ref} member={m} devices={devices.filter((d) => d.member === m.ref)} asked={asked} />)}
              </ul>
              {before.length > 0 && (
                <details className="owner-panel">
                  <summary>{t("owner.membersBefore", { n: before.length })}</summary>
                  <ul className="member-list">
                    {before.map((m) => <MemberCard key={m.ref} member={m} devices={devices.filter((d) => d.member === m.ref)} asked={asked} />)}
                  </ul>
                </details>
              )}
            </>
          );
        }}
      </Answer>
    </>
  );
}

/** What was said when somebody lost roles, and of the invitations that ended with them. */
const withInvites = (t: Translate, said: string, { invitesEnded }: Removed): string => (invitesEnded ? `${said} ${t("owner.invitesEnded", { n: invitesEnded })}` : said);

const held = (m: Member, now = Date.now()) => m.roles.filter((r) => r.until === undefined || r.until > now);

function MemberCard({ member, devices, asked }: { member: Member; devices: Device[]; asked: Asked<Everybody> }) {
  const { t, language } = useT();
  const me = useMe();
  const [sheet, setSheet] = useState<"" | "roles" | "name" | "remove">("");
  const open = devices.filter((d) => !d.revoked);
  const self = member.ref === me?.member.ref;
  const givable = useGivable();
  const touchable = self || held(member).every((r) => givable.includes(r.role)); // else the server refuses it
  const name = member.label || t(member.kiosk ? "owner.unnamedKiosk" : "owner.unnamed");
  return (
    <li className="owner-panel member">
      <div className="member-head">
        <Icon name={member.kiosk ? "board" : "person"} size="1.6em" />
        <h2 className="grow">
          {name} {self && <span className="quiet">{t("owner.you")}</span>}
        </h2>
        {!member.label && <span className="quiet small">{member.ref.slice(0, 6)}</span>}
      </div>
      <p className="role-tags">
        {member.roles.map((r) => <RoleTag key={`${r.role}${r.from}`} {...r} />)}
        {member.roles.length === 0 && <span className="quiet">{t("owner.noRole")}</span>}
      </p>
      {member.created !== undefined && <p className="quiet small">{t("owner.since", { day: dayAndYear(language, member.created) })}</p>}
      {devices.length > 0 && (
        <ul className="device-list">
          {[...open, ...devices.filter((d) => d.revoked)].map((d) => <DeviceRow key={d.id} device={d} mayShutOut={touchable} onChange={asked.again} />)}
        </ul>
      )}
      <div className="row">
        <Button onClick={() => setSheet("roles")}>{t("owner.rolesDo")}</Button>
        <Button tone="quiet" onClick={() => setSheet("name")}>{t("owner.rename")}</Button>
        {held(member).length > 0 && touchable && !self && <Button tone="quiet" onClick={() => setSheet("remove")}>{t("owner.remove")}</Button>}
      </div>
      <Roles member={member} name={name} open={sheet === "roles"} onClose={() => setSheet("")} onChange={asked.again} />
      <Rename member={member} open={sheet === "name"} onClose={() => setSheet("")} onChange={asked.again} />
      <Remove member={member} name={name} open={sheet === "remove"} onClose={() => setSheet("")} onChange={asked.again} />
    </li>
  );
}

const useGivable = () => givable(useRoles(useBoard()));

interface Dialog {
  open: boolean;
  onClose: () => void;
  onChange: () => void;
}

/** Gives a role, until a day or for good, and ends those that are held. */
function Roles({ member, name, open, onClose, onChange }: Dialog & { member: Member; name: string }) {
  const { t } = useT();
  const board = useBoard();
  const { post } = useBoardCalls(board.id);
  const mine = useGivable().filter((r) => (r === "visitor") === member.kiosk);
  const [role, setRole] = useState<Role>(member.kiosk ? "visitor" : "connector");
  const [until, setUntil] = useState("");
  const attempt = (what: Promise<Removed>, said: string) =>
    what.then(
      (changed) => {
        say(withInvites(t, said, changed));
        onChange();
        onClose();
      },
      (err: unknown) => say(problemWords(t, err)),
    );
  return (
    <Sheet title={t("owner.rolesOf", { name })} open={open} onClose={onClose}>
      <ul className="stack-s">
        {held(member).map((r) => (
          <li key={r.role} className="row">
            <span className="grow"><RoleTag {...r} /></span>
            {mine.includes(r.role) && (
              <Button onClick={() => void attempt(post<Removed>(`members/${member.ref}/ungrant`, { role: r.role }), t("owner.roleEnded"))}>{t("owner.endRole")}</Button>
            )}
          </li>
        ))}
      </ul>
      <form
        className="stack"
        onSubmit={(e) => {
          e.preventDefault();
          void attempt(post<Member>(`members/${member.ref}/grant`, { role, until: endOfDay(until) }), t("owner.roleGiven"));
        }}
      >
        <RoleSelect label={t("owner.giveRole")} roles={mine} value={role} onChange={setRole} />
        <TextField label={t("owner.untilDay")} hint={t("owner.untilHint")} type="date" min={dayFromNow(0)} value={until} onChange={(e) => setUntil(e.target.value)} />
        <div>
          <Button type="submit" tone="primary">{t("owner.give")}</Button>
        </div>
      </form>
    </Sheet>
  );
}

function Rename({ member, open, onClose, onChange }: Dialog & { member: Member }) {
  const { t } = useT();
  const board = useBoard();
  const { post } = useBoardCalls(board.id);
  const [label, setLabel] = useState(member.label);
  const save = () =>
    post(`members/${member.ref}/label`, { label: label.trim() }).then(
      () => {
        onChange();
        onClose();
      },
      (err: unknown) => say(problemWords(t, err)),
    );
  return (
    <Sheet title={t("owner.rename")} open={open} onClose={onClose}>
      <form className="stack" onSubmit={(e) => { e.preventDefault(); void save(); }}>
        <TextField label={t("owner.memberLabel")} hint={t("owner.memberLabelHint")} value={label} maxLength={60} autoComplete="off" onChange={(e) => setLabel(e.target.value)} />
        <div><Button type="submit" tone="primary">{t("do.save")}</Button></div>
      </form>
    </Sheet>
  );
}

function Remove({ member, name, open, onClose, onChange }: Dialog & { member: Member; name: string }) {
  const { t } = useT();
  const board = useBoard();
  const { post } = useBoardCalls(board.id);
  const remove = () =>
    post<Removed>(`members/${member.ref}/remove`).then(
      (removed) => {
        say(withInvites(t, t("owner.removed", { name }), removed));
        onChange();
        onClose();
      },
      (err: unknown) => say(problemWords(t, err)),
    );
  return (
    <Sheet title={t("owner.removeTitle", { name })} open={open} onClose={onClose}>
      <p>{t("owner.removeMeans")}</p>
      <div className="row">
        <Button tone="danger" onClick={() => void remove()}>{t("owner.removeYes")}</Button>
        <Button tone="quiet" onClick={onClose}>{t("do.cancel")}</Button>
      </div>
    </Sheet>
  );
}
