import { type ReactNode, useId } from "react";
import { Icon } from "../design/icon";

export interface Option<T extends string> {
  value: T;
  label: string;
  hint?: string;
  /** Drawn before the word. */
  sign?: ReactNode;
}

/** One of several, all in view: radio buttons, so arrow keys move; the chosen one has a tick and a frame besides its colour. */
export function Choice<T extends string>(props: {
  label: string;
  options: readonly Option<T>[];
  value: T | null;
  onChange: (value: T) => void;
  hideLabel?: boolean;
  columns?: boolean;
}) {
  const name = useId();
  return (
    <fieldset className="choice">
      <legend className={props.hideLabel ? "screen-reader" : "field-label"}>{props.label}</legend>
      <div className={props.columns ? "choice-columns" : "choice-row"}>
        {props.options.map((o) => (
          <label key={o.value} className="choice-option">
            <input type="radio" className="screen-reader" name={name} value={o.value} checked={props.value === o.value} onChange={() => props.onChange(o.value)} />
            {o.sign}
            <span className="grow">
              <span className="choice-word">{o.label}</span>
              {o.hint && <span className="choice-hint">{o.hint}</span>}
            </span>
            <span className="choice-tick">
              <Icon name="check" size="1.1em" />
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
