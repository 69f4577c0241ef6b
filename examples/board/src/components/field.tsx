import { type ComponentProps, type ReactNode, useId } from "react";
import { Icon } from "../design/icon";

interface About {
  label: string;
  hint?: string;
  /** What is wrong and what to do, in words; empty when all is well. */
  error?: ReactNode;
  /** A thought, not a refusal. */
  thought?: ReactNode;
}

function useAbout({ hint, error, thought }: About) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`, thought && `${id}-thought`].filter(Boolean).join(" ");
  return { id, described: described || undefined };
}

function Around({ id, about, children }: { id: string; about: About; children: ReactNode }) {
  return (
    <div className="field">
      <label htmlFor={id} className="field-label">
        {about.label}
      </label>
      {about.hint && (
        <p id={`${id}-hint`} className="field-hint">
          {about.hint}
        </p>
      )}
      {children}
      {about.error && (
        <p id={`${id}-error`} className="field-error">
          <Icon name="warning" /> <span>{about.error}</span>
        </p>
      )}
      {about.thought && (
        <p id={`${id}-thought`} className="field-thought">
          <Icon name="info" /> <span>{about.thought}</span>
        </p>
      )}
    </div>
  );
}

/** One line of text, with its label above, its hint, and what is wrong below. */
export function TextField({ label, hint, error, thought, ...rest }: About & ComponentProps<"input">) {
  const about = { label, hint, error, thought };
  const { id, described } = useAbout(about);
  return (
    <Around id={id} about={about}>
      <input {...rest} id={id} className="input" aria-describedby={described} aria-invalid={error ? true : undefined} />
    </Around>
  );
}

/** Several lines of text. It grows with what is written. */
export function TextArea({ label, hint, error, thought, ...rest }: About & ComponentProps<"textarea">) {
  const about = { label, hint, error, thought };
  const { id, described } = useAbout(about);
  return (
    <Around id={id} about={about}>
      <textarea rows={5} {...rest} id={id} className="input input-area" aria-describedby={described} aria-invalid={error ? true : undefined} />
    </Around>
  );
}
