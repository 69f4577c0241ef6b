/** What a person wrote, out of changes of a document as they came over the network. What cannot be read is left out. */

interface Op {
  action: string;
  obj: string;
  key?: string;
  elemId?: string;
  insert?: boolean;
  value?: unknown;
  values?: unknown[];
}

/** Fields that programs write, or of which people choose one. */
const written = new Set(["title", "body", "message", "facts", "rule", "place", "name", "task", "reason", "note", "about", "phone", "hours", "controller", "author", "party"]);

/** textsOf gives the texts of changes, each once; `decode` reads one change. Typed letters of one text stand together. */
export function textsOf(changes: readonly Uint8Array[], decode: (change: Uint8Array) => { ops: unknown[] }): string[] {
  const texts: string[] = [];
  for (const change of changes) {
    const typed = new Map<string, string>();
    try {
      for (const op of decode(change).ops as Op[]) {
        if (op.insert) typed.set(op.obj, (typed.get(op.obj) ?? "") + (op.values ?? [op.value]).filter((v) => typeof v === "string").join(""));
        else if (op.key && written.has(op.key) && typeof op.value === "string") texts.push(op.value);
      }
    } catch {
      continue;
    }
    texts.push(...typed.values());
  }
  return [...new Set(texts.map((text) => text.trim()).filter(Boolean))];
}
