import { type ReactNode, useState } from "react";
import type { Known } from "@tavle/client";
import { useApp } from "../../app/client";
import { loadMessages, useT } from "../../app/i18n";
import { settings } from "../../app/settings";
import { ago, dayAndYear } from "../../app/time";
import { Button } from "../../components/button";
import { Sheet } from "../../components/dialog";
import { Qr } from "../../components/qr";
import { say } from "../../components/toast";
import { Icon } from "../../design/icon";
import { Code } from "../join/code-field";
import { useMe, useMembership } from "../join/member";
import { problemWords } from "../join/problem";
import { Answer } from "../owner/asked";
import { type Asked, type Device, type NewInvite, useAsked } from "../owner/calls";
import { ShutOutMeans, useHealth } from "../owner/health";
import { RoleTag } from "../owner/roles";
import "../owner/style.css";

await Promise.all([loadMessages(settings().language, "member."), loadMessages(settings().language, "owner.")]);

/** Everything that the server knows about whoever is asking, in plain words; more devices; and the way out. */
export default function KnownView() {
  const { t } = useT();
  const membership = useMembership();
  const asked = useAsked<Known>(() => membership!.known(), "known");
  if (!membership) return <p>{t("known.open")}</p>;
  return (
    <div className="stack page">
      <h1>{t("known.title")}</h1>
      <Answer asked={asked}>{(known) => <Everything known={known} asked={asked} />}</Answer>
      <AddDevice />
      <Leave />
    </div>
  );
}

function Everything({ known, asked }: { known: Known; asked: Asked<Known> }) {
  const { t, language } = useT();
  const { member, devices, roles, invites, refused } = known;
  const facts: [string, ReactNode][] = [
    [t("known.ref"), <><span key="r" className="known-ref">{member.ref}</span> <span key="h" className="quiet">{t("known.refHint")}</span></>],
    [t("known.label"), member.label || t("known.noLabel")],
    ...(member.created ? [[t("known.since"), dayAndYear(language, member.created)] as [string, string]] : []),
    [t("known.roles"), roles.length === 0 ? t("owner.noRole") : <ul key="roles" className="stack-s">{roles.map((r) => <li key={`${r.board}${r.role}${r.from}`}>{r.title} – <RoleTag {...r} /></li>)}</ul>],
    ...(invites.length > 0 ? [[t("known.invite"), invites.map((i) => [i.label, t("invite.made", { ago: ago(language, i.made) })].filter(Boolean).join(", ")).join("; ")] as [string, string]] : []),
    [t("known.refused"), t("known.refusedCount", { n: refused })],
  ];
  if (member.operator) facts.push([t("known.operator"), t("known.operatorHint")]);
  return (
    <>
      <p>{t("known.lead")}</p>
      <dl className="owner-panel known-facts">
        {facts.map(([name, fact]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{fact}</dd>
          </div>
        ))}
      </dl>
      <section className="stack" aria-labelledby="known-devices">
        <h2 id="known-devices">{t("known.devices")}</h2>
        <ul className="owner-panel device-list">
          {devices.map((d) => <OwnDevice key={d.id} device={d as Device} onChange={asked.again} />)}
        </ul>
      </section>
      <section className="stack-s" aria-labelledby="known-not">
        <h2 id="known-not">{t("known.notTitle")}</h2>
        <p>{t("known.not")}</p>
        <p>{t("known.documents")}</p>
      </section>
    </>
  );
}

function OwnDevice({ device, onChange }: { device: Device; onChange: () => void }) {
  const { t } = useT();
  const me = useMe();
  const membership = useMembership();
  const [asking, setAsking] = useState(false);
  const { sentences, alarm } = useHealth({ ...device, leaseDays: device.leaseDays ?? 60 });
  const self = device.id === me?.device.id;
  const shutOut = () =>
    membership!.call("POST", `/v1/me/devices/${device.id}/revoke`, {}).then(
      () => {
        setAsking(false);
        say(t("owner.shutOutDone", { name: device.label }));
        onChange();
      },
      (err: unknown) => say(problemWords(t, err)),
    );
  return (
    <li className="device" data-revoked={device.revoked ? true : undefined}>
      <Icon name={device.revoked ? "remove" : "device"} />
      <div className="grow">
        <h3>{device.label} {self && <span className="quiet small">{t("owner.thisDevice")}</span>}</h3>
        <p className={alarm ? "device-alarm" : "quiet small"}>{sentences.join(" · ")}</p>
      </div>
      {!device.revoked && !self && <Button tone="danger" aria-label={`${t("owner.shutOut")}: ${device.label}`} onClick={() => setAsking(true)}>{t("owner.shutOut")}</Button>}
      <Sheet title={t("owner.shutOutTitle", { name: device.label })} open={asking} onClose={() => setAsking(false)}>
        <ShutOutMeans />
        <div className="row">
          <Button tone="danger" onClick={() => void shutOut()}>{t("owner.shutOutYes")}</Button>
          <Button tone="quiet" onClick={() => setAsking(false)}>{t("do.cancel")}</Button>
        </div>
      </Sheet>
    </li>
  );
}

/** A code for one more device of the same person: a quarter of an hour, once. */
function AddDevice() {
  const { t } = useT();
  const membership = useMembership();
  const [invite, setInvite] = useState<NewInvite | null>(null);
  const make = () =>
    membership!.call<NewInvite>("POST", "/v1/me/invite", {}).then(setInvite, (err: unknown) => say(problemWords(t, err)));
  return (
    <section className="owner-panel stack" aria-labelledby="add-device">
      <h2 id="add-device">{t("known.addTitle")}</h2>
      <p>{t("known.add")}</p>
      {invite && (
        <div className="invite-card" role="status">
          <div className="invite-qr"><Qr text={invite.link} label={t("invite.qr", { code: invite.code })} /></div>
          <div className="stack grow">
            <Code code={invite.code} />
            <p>{t("known.addHow")}</p>
          </div>
        </div>
      )}
      <div><Button icon="add" onClick={() => void make()}>{t(invite ? "known.addAgain" : "known.addDo")}</Button></div>
    </section>
  );
}

/** All devices are shut out and all roles end; this device forgets at once. */
function Leave() {
  const { t } = useT();
  const membership = useMembership();
  const { client } = useApp();
  const [asking, setAsking] = useState(false);
  const leave = () =>
    membership!.call("POST", "/v1/me/leave", {}).then(
      // The server says to the next question that this device does not belong any more, and the device forgets.
      () => membership!.refresh().catch(() => client?.retryNow()),
      (err: unknown) => say(problemWords(t, err)),
    );
  return (
    <section className="owner-panel stack" aria-labelledby="leave">
      <h2 id="leave">{t("known.leaveTitle")}</h2>
      <p>{t("known.leave")}</p>
      <div><Button tone="danger" onClick={() => setAsking(true)}>{t("known.leaveDo")}</Button></div>
      <Sheet title={t("known.leaveAsk")} open={asking} onClose={() => setAsking(false)}>
        <ul className="means">
          {(["known.leaveMeans.devices", "known.leaveMeans.posts", "known.leaveMeans.unsent", "known.leaveMeans.back"] as const).map((key) => <li key={key}>{t(key)}</li>)}
        </ul>
        <div className="row">
          <Button tone="danger" onClick={() => void leave()}>{t("known.leaveYes")}</Button>
          <Button tone="quiet" onClick={() => setAsking(false)}>{t("do.cancel")}</Button>
        </div>
      </Sheet>
    </section>
  );
}
