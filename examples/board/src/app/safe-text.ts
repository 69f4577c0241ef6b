/**
 * Text that is looked at while it is written: what looks like a number of a person is refused with a kind word, what is only
 * delicate gets a hint. All of it happens on the device.
 */
import { findPersonalData } from "@tavle/client";
import { type MessageKey, t, type Translate } from "./i18n";

/** What may stand with a thought; all else that is found is refused. */
const thoughts = new Set(["health", "suspicion", "address"]);
const words = new Set(["phone", "cpr", "bsn", "email", "address", "health", "suspicion"]);

export interface Finding {
  /** A sentence that refuses, or "". */
  error: string;
  /** A sentence that hints, or "". */
  thought: string;
  /** Kinds of what was found. */
  kinds: string[];
}

/** look finds personal data in a text and says it in the person's language. */
export function look(text: string, say: Translate = t): Finding {
  const found: string[] = findPersonalData(text).map((f) => f.kind);
  const sentence = (kind: string | undefined) => (kind ? say(`form.personal.${words.has(kind) ? kind : "other"}` as MessageKey) : "");
  return { error: sentence(found.find((k) => !thoughts.has(k))), thought: sentence(found.find((k) => thoughts.has(k))), kinds: found };
}
