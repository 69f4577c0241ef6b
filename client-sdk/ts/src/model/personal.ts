// Things that have no place in a post that everybody can read. Pure.

export interface Finding {
  kind: string
  /** Offsets in the text, in UTF-16 units; end is after the last. */
  start: number
  end: number
}

export function findPersonalData(_text: string): Finding[] {
  return []
}
