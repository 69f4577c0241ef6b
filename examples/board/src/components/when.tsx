import type { ComponentProps } from "react";
import type { Draft } from "@tavle/client";
import { useT } from "../app/i18n";
import { fromLocal, toLocal } from "../app/time";
import { TextField } from "./field";

type Dated = Pick<Draft, "kind" | "when">;

const dated = new Set(["event", "arrangement"]);

/** Whether posts of a kind have a time. */
export const isDated = (kind: string): boolean => dated.has(kind);

/** Whether what has a time would end before it begins. */
export function endsTooEarly({ kind, when }: Dated): boolean {
  return isDated(kind) && when?.start !== undefined && when.end !== undefined && when.end < when.start;
}

/** When it begins and when it ends. `rest` is for both fields. */
export function When({ draft, onChange, ...rest }: { draft: Dated; onChange: (when: Draft["when"]) => void } & Omit<ComponentProps<"input">, "onChange">) {
  const { t } = useT();
  const { when } = draft;
  return (
    <div className="when">
      <TextField {...rest} label={t("form.start")} type="datetime-local" value={toLocal(when?.start)} onChange={(e) => onChange({ ...when, start: fromLocal(e.target.value) })} />
      <TextField {...rest} label={t("form.end")} type="datetime-local" value={toLocal(when?.end)} onChange={(e) => onChange({ ...when, end: fromLocal(e.target.value) })}
        error={endsTooEarly(draft) ? t("form.endFirst") : undefined} />
    </div>
  );
}
