import { useState } from "react";
import { useBoard, useObservable } from "../../app/client";
import { loadMessages, useT } from "../../app/i18n";
import { settings } from "../../app/settings";
import { Button } from "../../components/button";
import { Choice } from "../../components/choice";
import { Sheet } from "../../components/dialog";
import { TextArea, TextField } from "../../components/field";
import { say } from "../../components/toast";
import type { IdeaStatus, ModerationAct, Offer, Post, Reply } from "@tavle/client";

await loadMessages(settings().language, "member.");

/** Hide, remove or restore a post, reply or offer, with the rule and the reason: nothing is taken down without them. */
export default function Moderate({ entry, label }: { entry: Pick<Post | Reply | Offer, "id" | "removed" | "hidden">; label?: string }) {
  const { t, language } = useT();
  const board = useBoard();
  const info = useObservable(board.info);
  const down = entry.removed || entry.hidden;
  const [open, setOpen] = useState(false);
  const [action, setAction] = useState<ModerationAct>(down ? "restore" : "hide");
  const [rule, setRule] = useState("");
  const [facts, setFacts] = useState("");
  const [tried, setTried] = useState(false);
  const rules = (info.houseRules[language] ?? Object.values(info.houseRules)[0] ?? "").split("\n").map((line) => line.trim()).filter(Boolean);
  const acts: ModerationAct[] = down ? ["restore", ...(entry.removed ? [] : (["remove"] as const))] : ["hide", "remove"];
  const missing = action !== "restore" && (!rule.trim() || !facts.trim());
  const act = () => {
    setTried(true);
    if (missing) return;
    board.moderate(entry.id, action, rule.trim(), facts.trim()).then(
      () => {
        setOpen(false);
        say(t("moderate.done"));
      },
      (err: unknown) => say(t("form.failed", { reason: String(err) })),
    );
  };
  return (
    <div className="no-print">
      <Button tone="quiet" icon="warning" aria-label={label ? `${t("moderate.do")}: ${label}` : undefined} onClick={() => setOpen(true)}>
        {t("moderate.do")}
      </Button>
      <Sheet title={t("moderate.title")} open={open} onClose={() => setOpen(false)}>
        <form className="stack" onSubmit={(e) => { e.preventDefault(); act(); }}>
          <Choice hideLabel label={t("moderate.title")} value={action} onChange={setAction} options={acts.map((value) => ({ value, label: t(`moderate.${value as "hide"}`), hint: t(`moderate.${value as "hide"}Hint`) }))} />
          {action !== "restore" && (
            <>
              <TextField label={t("moderate.rule")} hint={t("moderate.ruleHint")} value={rule} maxLength={120} list={`rules-${entry.id}`} autoComplete="off" onChange={(e) => setRule(e.target.value)} />
              <datalist id={`rules-${entry.id}`}>
                {rules.map((line) => <option key={line} value={line.slice(0, 120)} />)}
              </datalist>
              <TextArea label={t("moderate.facts")} hint={t("moderate.factsHint")} rows={3} value={facts} maxLength={500} error={tried && missing ? t("moderate.needReason") : undefined} onChange={(e) => setFacts(e.target.value)} />
            </>
          )}
          <div className="row">
            <Button type="submit" tone={action === "restore" ? "primary" : "danger"}>{t(`moderate.${action as "hide"}`)}</Button>
            <Button tone="quiet" onClick={() => setOpen(false)}>{t("do.cancel")}</Button>
          </div>
        </form>
      </Sheet>
    </div>
  );
}

const STATUSES: IdeaStatus[] = ["considering", "planned", "done", "declined"];

/** What becomes of an idea, said by whoever is responsible for the board. */
export function IdeaForm({ post }: { post: Post }) {
  const { t } = useT();
  const board = useBoard();
  const now = post.idea?.status as IdeaStatus | undefined;
  const [status, setStatus] = useState<IdeaStatus | null>(now && STATUSES.includes(now) ? now : null);
  const [reason, setReason] = useState(post.idea?.reason ?? "");
  const [tried, setTried] = useState(false);
  const missing = status === "declined" && !reason.trim();
  const save = () => {
    setTried(true);
    if (!status || missing) return;
    board.setIdea(post.id, status, reason.trim()).then(() => say(t("form.saved")), (err: unknown) => say(t("form.failed", { reason: String(err) })));
  };
  return (
    <details className="no-print">
      <summary>{t("ideaStatus.title")}</summary>
      <form className="stack" onSubmit={(e) => { e.preventDefault(); save(); }}>
        <Choice hideLabel label={t("ideaStatus.title")} value={status} onChange={setStatus} options={STATUSES.map((value) => ({ value, label: t(`idea.${value as "done"}`) }))} />
        <TextField label={t("ideaStatus.reason")} value={reason} maxLength={500} autoComplete="off" error={tried && missing ? t("ideaStatus.needReason") : undefined} onChange={(e) => setReason(e.target.value)} />
        <div><Button type="submit">{t("ideaStatus.save")}</Button></div>
      </form>
    </details>
  );
}
