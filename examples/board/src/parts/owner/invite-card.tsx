import { useBoard, useObservable } from "../../app/client";
import { loadMessages, useT } from "../../app/i18n";
import { dayAndYear } from "../../app/time";
import { Button } from "../../components/button";
import { Qr } from "../../components/qr";
import { say } from "../../components/toast";
import { Code } from "../join/code-field";
import { Letter } from "../letters/letter";
import { usePrinter } from "../print/paper";
import type { NewInvite } from "./calls";
import { roleWord } from "./roles";

/** copy puts a text on the clipboard and says so. */
export function useCopy(): (text: string) => void {
  const { t } = useT();
  return (text) =>
    void navigator.clipboard.writeText(text).then(
      () => say(t("do.copied")),
      (err: unknown) => say(t("form.failed", { reason: String(err) })),
    );
}

/** A new invitation: its code is shown this once, to scan, to read out, to send and to print. */
export function InviteCard({ invite, title, heading = "h2" }: { invite: NewInvite; title?: string; heading?: "h2" | "h3" }) {
  const { t, language } = useT();
  const Heading = heading;
  const copy = useCopy();
  return (
    <section className="owner-panel invite-card">
      <div className="invite-qr">
        <Qr text={invite.link} label={t("invite.qr", { code: invite.code })} />
      </div>
      <div className="stack grow">
        <Heading>{title ?? (invite.label || invite.roles.map((r) => roleWord(t, r)).join(", "))}</Heading>
        <Code code={invite.code} />
        <p>{t("invite.once")}</p>
        <p className="quiet small">
          {invite.roles.map((r) => roleWord(t, r)).join(", ")} · {t("invite.uses", { n: invite.usesMax })} · {t("invite.until", { day: dayAndYear(language, invite.until) })}
        </p>
        <div className="row">
          {"share" in navigator && (
            <Button tone="primary" icon="share" onClick={() => void navigator.share({ url: invite.link }).catch(() => undefined)}>
              {t("share.do")}
            </Button>
          )}
          <Button icon="link" onClick={() => copy(invite.link)}>{t("share.copyLink")}</Button>
          <Button icon="copy" onClick={() => copy(invite.code)}>{t("invite.copyCode")}</Button>
          <PrintInvite invite={invite} />
        </div>
        <p className="share-link small">{invite.link}</p>
      </div>
    </section>
  );
}

function PrintInvite({ invite }: { invite: NewInvite }) {
  const { t, language } = useT();
  const { print, roll } = usePrinter();
  const info = useObservable(useBoard().info);
  const second = language === "en" ? "da" : "en";
  // The second language may not have been on this screen yet.
  const printLetter = () => loadMessages(second).then(() => print(<Letter invite={invite} info={info} first={language} second={second} />), (err: unknown) => say(t("form.failed", { reason: String(err) })));
  return (
    <>
      <Button icon="print" onClick={() => void printLetter()}>{t("invite.print")}</Button>
      {roll}
    </>
  );
}
