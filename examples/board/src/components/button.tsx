import type { ComponentProps, ReactNode } from "react";
import { Icon, type IconName } from "../design/icon";

export type Tone = "primary" | "plain" | "quiet" | "danger";

interface Look {
  /** How much it asks for: one primary a screen. */
  tone?: Tone;
  icon?: IconName;
  /** For screen readers and the tooltip when the button shows only its sign. */
  label?: string;
  wide?: boolean;
  large?: boolean;
  children?: ReactNode;
}

function className(look: Look, more = ""): string {
  return ["button", `button-${look.tone ?? "plain"}`, look.wide && "button-wide", look.large && "button-large", !look.children && "button-sign", more]
    .filter(Boolean)
    .join(" ");
}

/** A button: at least 48 px each way, with a sign, a word, or both. */
export function Button({ tone, icon, label, wide, large, children, className: more, ...rest }: Look & ComponentProps<"button">) {
  return (
    <button type="button" {...rest} className={className({ tone, wide, large, children }, more)} aria-label={label ?? rest["aria-label"]} title={children ? undefined : label}>
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </button>
  );
}

/** A link that looks like a button; use it to go somewhere, and Button to do something. */
export function ButtonLink({ tone, icon, label, wide, large, children, className: more, ...rest }: Look & ComponentProps<"a">) {
  return (
    <a {...rest} className={className({ tone, wide, large, children }, more)} aria-label={label ?? rest["aria-label"]}>
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </a>
  );
}
