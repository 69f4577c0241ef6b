import { type MessageKey, useT } from "../../app/i18n";
import type { Language } from "../../app/settings";
import { Choice } from "../../components/choice";
import { TextField } from "../../components/field";
import { isDated, When } from "../../components/when";
import type { Draft } from "@tavle/client";

/**
 * What a kind needs besides words. What it cannot do without is in view, the rest behind one summary: place, how soon,
 * the language.
 */
export function Details(props: { draft: Draft; change: (part: Partial<Draft>) => void; language: readonly Language[] }) {
  const { t } = useT();
  const { draft, change } = props;
  const when = draft.when ?? {};
  return (
    <>
      {draft.kind === "item" && (
        <Choice
          label={t("form.action")}
          value={draft.item?.action ?? null}
          onChange={(action) => change({ item: { action } })}
          options={(["give", "lend", "swap", "seek"] as const).map((value) => ({ value, label: t(`item.${value}`) }))}
        />
      )}
      {draft.kind === "lostFound" && (
        <Choice
          label={t("form.lost")}
          value={draft.lost ?? null}
          onChange={(lost) => change({ lost })}
          options={(["lost", "found"] as const).map((value) => ({ value, label: t(`lost.${value}`) }))}
        />
      )}
      {isDated(draft.kind) && <When draft={draft} onChange={(when) => change({ when })} />}
      <details className="form-more" open={Boolean(draft.place || draft.urgency) || isDated(draft.kind)}>
        <summary>{t("form.more")}</summary>
        <div className="stack">
          <TextField
            label={t("form.place")}
            hint={t("form.placeHint")}
            value={draft.place ?? ""}
            maxLength={60}
            autoComplete="off"
            onChange={(e) => change({ place: e.target.value || undefined })}
          />
          {draft.kind === "request" && (
            <Choice
              label={t("form.urgency")}
              value={draft.urgency ?? null}
              onChange={(urgency) => change({ urgency })}
              options={(["today", "week", "whenever"] as const).map((value) => ({ value, label: t(`urgency.${value}`) }))}
            />
          )}
          {draft.kind === "arrangement" && (
            <Choice
              label={t("terms.repeat")}
              value={when.repeat ?? ""}
              onChange={(repeat) => change({ when: { ...when, repeat: repeat || undefined } })}
              options={[
                { value: "", label: t("terms.once") },
                { value: "weekly", label: t("repeat.weekly") },
                { value: "monthly", label: t("repeat.monthly") },
              ]}
            />
          )}
          <Choice
            label={t("form.language")}
            value={draft.lang}
            onChange={(lang) => change({ lang })}
            options={props.language.map((value) => ({ value: value as string, label: t(`lang.${value}` as MessageKey) }))}
          />
        </div>
      </details>
    </>
  );
}
