/** What messages are on the device: scripts/messages.ts makes them from the catalogues while the app is built. */

/** What gaps are filled with. A gap without a value stays empty. */
export type Values = Record<string, string | number | Date>;
/** A sentence as it is, or one with gaps to fill. */
export type Message = string | ((values: Values) => string);
/** The sentences of one file of src/messages, by their keys. */
export type Catalogue = Record<string, Message>;

/** formatMessage gives the sentence, its gaps filled. */
export function formatMessage(message: Message, values: Values = {}): string {
  return typeof message === "string" ? message : message(values);
}

/** word writes the value of a gap as the language does; compiled messages call it. */
export function word(value: Values[string] | undefined, language: string): string {
  return typeof value === "number" ? value.toLocaleString(language) : String(value ?? "");
}
