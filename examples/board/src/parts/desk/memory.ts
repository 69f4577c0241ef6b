/** What this desk remembers on the device: the last choices, when which neighbour was called, which posters were printed. Never who a neighbour is. */

const CHOICES = "tavle.desk.choices";
const CALLS = "tavle.desk.calls";
const POSTERS = "tavle.desk.posters";
const KEYS = "tavle.desk.keys";

/** The last choices of the form; they are offered again. */
export interface Choices {
  kind: string;
  topic: string;
  asks: string;
  permission: string;
  given: string;
  until: string;
  callBack: string;
  urgency: string;
}

export const firstChoices: Choices = { kind: "request", topic: "", asks: "self", permission: "spoken", given: "today", until: "30", callBack: "phone", urgency: "week" };

/** A call that was made: when, and which replies and offers there were then. */
export interface Call {
  at: number;
  seen: string[];
}
export type Calls = Readonly<Record<string, Call>>;

function read<T>(key: string, otherwise: T): T {
  try {
    const stored = JSON.parse(localStorage.getItem(key) ?? "null") as T | null;
    return stored && typeof stored === "object" ? { ...otherwise, ...stored } : otherwise;
  } catch {
    return otherwise;
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // It is remembered until the page closes.
  }
}

/** lastChoices: those that were made for the last neighbour. What it is about and when permission was given are asked anew. */
export function lastChoices(): Choices {
  return { ...read(CHOICES, firstChoices), topic: "", given: "today" };
}
export function rememberChoices(choices: Choices): void {
  write(CHOICES, choices);
}
export function calls(): Calls {
  return read<Calls>(CALLS, {});
}
export function rememberCalls(all: Calls): void {
  write(CALLS, all);
}
/** A poster that was printed here: of which post (its code), or "" for the board. */
export type Posters = Readonly<Record<string, { code: string; at: number }>>;

/** How many are remembered. */
const POSTERS_MAX = 200;

export function posters(): Posters {
  return read<Posters>(POSTERS, {});
}
export function rememberPoster(poster: string, code: string, at: number): void {
  const all = Object.entries({ ...posters(), [poster]: { code, at } });
  write(POSTERS, Object.fromEntries(all.sort(([, a], [, b]) => b.at - a.at).slice(0, POSTERS_MAX)));
}
/** Whether single keys open the parts of the desk. */
export function shortcuts(): boolean {
  return read(KEYS, { on: true }).on;
}
export function rememberShortcuts(on: boolean): void {
  write(KEYS, { on });
}
