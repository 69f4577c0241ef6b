import { useBoard } from "../../app/client";
import { useT } from "../../app/i18n";
import { format } from "../../app/route";
import { dayAndClock } from "../../app/time";
import { Button } from "../../components/button";
import { Sheet } from "../../components/dialog";
import { useKindWord } from "../../components/kind";
import { Qr } from "../../components/qr";
import { say } from "../../components/toast";
import type { Post } from "@tavle/client";
import { useMembership } from "../join/member";

/** The address of a post, or of a board, for others. */
export function linkTo(board: string, post = ""): string {
  return `${location.origin}/${format({ board, post })}`;
}

/** A post outward: as text without names, as a link, as a QR code. */
export function ShareSheet({ post, open, onClose }: { post: Post; open: boolean; onClose: () => void }) {
  const { t, language } = useT();
  const board = useBoard();
  const word = useKindWord();
  const member = useMembership() !== null;
  const link = linkTo(board.id, post.id);
  const facts = [post.when?.start ? dayAndClock(language, post.when.start) : "", post.place ?? ""].filter(Boolean).join(" · ");
  const text = [`${word(post.kind)}: ${post.title}`, facts, post.body].filter(Boolean).join("\n");
  return (
    <Sheet title={t("share.title")} open={open} onClose={onClose}>
      <p className="quiet">{t(member ? "share.hintMembers" : "share.hint")}</p>
      <ShareWays title={post.title} text={text} link={link} />
    </Sheet>
  );
}

/** The ways out: the device's own sharing where there is one, copies, and the code. */
export function ShareWays({ title, text, link }: { title: string; text: string; link: string }) {
  const { t } = useT();
  const copy = (what: string) =>
    navigator.clipboard.writeText(what).then(
      () => say(t("do.copied")),
      (err: unknown) => say(t("form.failed", { reason: String(err) })),
    );
  return (
    <div className="share">
      <div className="stack grow">
        {"share" in navigator && (
          <Button tone="primary" icon="share" wide onClick={() => void navigator.share({ title, text, url: link }).catch(() => undefined)}>
            {t("share.do")}
          </Button>
        )}
        {text && (
          <Button icon="copy" wide onClick={() => void copy(`${text}\n${link}`)}>
            {t("share.copyText")}
          </Button>
        )}
        <Button icon="link" wide onClick={() => void copy(link)}>
          {t("share.copyLink")}
        </Button>
        <p className="share-link small">{link}</p>
      </div>
      <Qr text={link} label={t("share.qr")} />
    </div>
  );
}
