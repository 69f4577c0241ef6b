import type { ReactNode } from "react";
import { Label, Radio, RadioGroup } from "react-aria-components";
import { Icon } from "../design/icon";

export interface Option<T extends string> {
  value: T;
  label: string;
  hint?: string;
  /** Drawn before the word. */
  sign?: ReactNode;
}

/** One of several, all in view: arrow keys move, the chosen one has a tick and a frame besides its colour. */
export function Choice<T extends string>(props: {
  label: string;
  options: readonly Option<T>[];
  value: T | null;
  onChange: (value: T) => void;
  hideLabel?: boolean;
  columns?: boolean;
}) {
  return (
    <RadioGroup className="choice" value={props.value} onChange={(v) => props.onChange(v as T)}>
      <Label className={props.hideLabel ? "screen-reader" : "field-label"}>{props.label}</Label>
      <div className={props.columns ? "choice-columns" : "choice-row"}>
        {props.options.map((o) => (
          <Radio key={o.value} value={o.value} className="choice-option">
            {o.sign}
            <span className="grow">
              <span className="choice-word">{o.label}</span>
              {o.hint && <span className="choice-hint">{o.hint}</span>}
            </span>
            <span className="choice-tick">
              <Icon name="check" size="1.1em" />
            </span>
          </Radio>
        ))}
      </div>
    </RadioGroup>
  );
}
