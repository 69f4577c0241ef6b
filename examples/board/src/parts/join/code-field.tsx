import { useId } from "react";
import { normalCode, showCode } from "@tavle/client";
import { useT } from "../../app/i18n";
import { Icon } from "../../design/icon";

/** What is kept of what is typed: the secret on a slip from the desk has this length. Cut to a code's ten it would be taken for one. */
const TYPED_MAX = 16;

/** How a code is shown while it is typed: in small letters and two groups of five, with what looks alike put right. */
export function grouped(typed: string): string {
  const plain = typed.toLowerCase().replace(/[\s\u00a0-]/g, "").replace(/[il]/g, "1").replace(/o/g, "0").slice(0, TYPED_MAX);
  return plain.length > 5 ? `${plain.slice(0, 5)}-${plain.slice(5)}` : plain;
}

/** A code as a screen reader says it: one character after the other, with a pause between the groups. */
export function spoken(code: string): string {
  const plain = code.replace("-", "");
  return [plain.slice(0, 5), plain.slice(5)].filter(Boolean).map((group) => [...group].join(" ")).join(", ");
}

/** A code to be read from three metres, and said aloud one character at a time. */
export function Code({ code }: { code: string }) {
  const shown = showCode(normalCode(code) ?? code);
  return (
    <p className="code">
      <span className="screen-reader">{spoken(shown)}</span>
      <span aria-hidden="true">{shown}</span>
    </p>
  );
}

/** The field for the ten characters of a code. It forgives capitals, blanks, hyphens, o for 0, and i or l for 1. */
export function CodeField(props: { value: string; onChange: (value: string) => void; error?: string; autoFocus?: boolean }) {
  const { t } = useT();
  const id = useId();
  const { value, error } = props;
  const complete = normalCode(value) !== null;
  return (
    <div className="field">
      <label htmlFor={id} className="field-label">
        {t("join.code")}
      </label>
      <p id={`${id}-hint`} className="field-hint">
        {t("join.codeHint")}
      </p>
      <input
        id={id}
        className="input code-input"
        value={value}
        autoFocus={props.autoFocus}
        autoComplete="off"
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        enterKeyHint="go"
        placeholder="xxxxx-xxxxx"
        aria-describedby={`${id}-hint${error ? ` ${id}-error` : ""}`}
        aria-invalid={error ? true : undefined}
        onChange={(e) => props.onChange(grouped(e.target.value))}
      />
      <p className="screen-reader" role="status">
        {complete ? t("join.codeSpoken", { code: spoken(value) }) : ""}
      </p>
      {error && (
        <p id={`${id}-error`} className="field-error" role="alert">
          <Icon name="warning" /> <span>{error}</span>
        </p>
      )}
    </div>
  );
}
