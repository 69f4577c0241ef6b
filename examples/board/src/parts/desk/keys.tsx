import { type RefObject, useId } from "react";

export interface KeyOption {
  value: string;
  label: string;
}

/** One of several, by number: the figure before each word is the key that chooses it and goes on to the next question. Enter keeps what is chosen. */
export function Keys(props: {
  label: string;
  options: readonly KeyOption[];
  value: string;
  onChange: (value: string) => void;
  onNext: (from: HTMLElement) => void;
  first?: RefObject<HTMLFieldSetElement | null>;
}) {
  const name = useId();
  return (
    <fieldset
      ref={props.first}
      className="keys"
      data-question
      onKeyDown={(e) => {
        if (e.ctrlKey || e.altKey || e.metaKey) return;
        const chosen = props.options[Number(e.key) - 1];
        if (chosen && /^[1-9]$/.test(e.key)) {
          e.preventDefault();
          props.onChange(chosen.value);
          props.onNext(e.currentTarget);
        } else if (e.key === "Enter") {
          e.preventDefault();
          props.onNext(e.currentTarget);
        }
      }}
    >
      <legend>{props.label}</legend>
      <div className="keys-row">
        {props.options.map((o, i) => (
          <label key={o.value} className="key">
            <input type="radio" className="screen-reader" name={name} checked={props.value === o.value} onChange={() => props.onChange(o.value)} />
            <kbd aria-hidden="true">{i + 1}</kbd>
            <span>{o.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** next puts the focus on the question after this one: its chosen answer, or its first. */
export function next(from: HTMLElement): void {
  const all = [...document.querySelectorAll<HTMLElement>("[data-question]")];
  focusOn(all[all.indexOf(from) + 1]);
}

export function focusOn(question: Element | null | undefined): void {
  const into = question?.matches("input, textarea") ? question : (question?.querySelector("input:checked") ?? question?.querySelector("input, textarea"));
  if (into instanceof HTMLElement) into.focus();
}
