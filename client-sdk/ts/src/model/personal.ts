// Things that have no place in a post that everybody can read. Pure. The rules are those of crdt/board, pinned by the vectors.

import { descriptions, descriptionWords, healthWords, suspicionWords } from "./personal-words.js"
import { fold } from "./words.js"

export type FindingKind = "cpr" | "bsn" | "phone" | "email" | "address" | "health" | "suspicion"

/** A part of a text. */
export interface Finding {
  kind: FindingKind
  /** Only a hint: the writer decides. The others are refused at a desk. */
  hint: boolean
  /** Offsets in UTF-16 units, as JavaScript counts; end is after the last. */
  start: number
  end: number
}

/** Finds one kind; of overlapping findings that of the earlier detector counts. */
interface Detector {
  kind: FindingKind
  pattern: RegExp
  /** It must not be a part of a longer number. */
  number?: boolean
  fits?: (found: string) => boolean
}

const blank = "[ \\u00a0]"
const dash = "[-\\u2010-\\u2013]"
const gap = "[ \\u00a0\\-]"
const anyGap = "[ \\u00a0.()/\\-]"
const domain = "[\\p{L}\\d\\-]+(?:\\.[\\p{L}\\d\\-]+)*\\.\\p{L}{2,}"
const name = "\\p{Lu}[\\p{L}'.\\-]*"
const houseNumber = `${blank}+\\d{1,4}(?:${blank}?[A-Za-z]\\b)?`

const re = (flags: string, ...alternatives: string[]): RegExp => new RegExp(alternatives.join("|"), `gu${flags}`)

// From the most telling to the least.
const detectors: Detector[] = [
  { kind: "email", pattern: re("", `[\\p{L}\\d._%+\\-]+@${domain}`) },
  { kind: "email", pattern: re("i", `[\\p{L}\\d._%+\\-]+ ?[(\\[](?:at|snabel-?a|apenstaartje)[)\\]] ?${domain}`) },
  { kind: "phone", number: true, pattern: re("", `(?:\\+|00)[1-9](?:${anyGap}{0,3}\\d){6,14}`) },
  { kind: "phone", number: true, pattern: re("", "06\\d{8}") },
  { kind: "cpr", number: true, fits: isCpr, pattern: re("", `\\d{6}(?:${blank}?${dash}${blank}?|${blank})?\\d{4}`) },
  {
    kind: "bsn", number: true, fits: isBsn,
    pattern: re("", "\\d{3}[ \\u00a0.]?\\d{3}[ \\u00a0.]?\\d{3}", "\\d{4}[ \\u00a0.]\\d{2}[ \\u00a0.]\\d{3}"),
  },
  { // Dutch: ten digits from 0 on
    kind: "phone", number: true,
    pattern: re("",
      `06${gap}?\\d{4}${gap}?\\d{4}`,
      `06${gap}\\d\\d${gap}\\d\\d${gap}\\d\\d${gap}\\d\\d`,
      `06${gap}\\d{3}${gap}\\d\\d${gap}\\d{3}`,
      `\\(?0[1-9]\\d\\)?${gap}?\\d{3}${gap}?(?:\\d{4}|\\d\\d${gap}\\d\\d)`,
      `\\(?0[1-9]\\d\\d\\)?${gap}?(?:\\d{6}|\\d{3}${gap}\\d{3}|\\d\\d${gap}\\d\\d${gap}\\d\\d)`),
  },
  { // Danish: eight digits from 2 on
    kind: "phone", number: true, fits: isDanishPhone,
    pattern: re("",
      `[2-9]\\d(?:${blank}\\d\\d){3}`,
      "[2-9]\\d(?:\\.\\d\\d){3}",
      "[2-9]\\d(?:-\\d\\d){3}",
      `[2-9]\\d{3}${gap}?\\d{4}`,
      `[2-9]\\d${blank}\\d{3}${blank}\\d{3}`,
      `[2-9]\\d\\d${blank}\\d\\d${blank}\\d{3}`),
  },
  {
    kind: "address", number: true, fits: isAddress,
    pattern: re("",
      `${name}(?:vej|gade|all[eé]|stræde|vænge|vangen|parken|plads|torv|boulevard|toften|haven|bakken|` +
        `straat|laan|weg|plein|gracht|kade|dijk|singel|steeg|dreef|plantsoen|hof)${houseNumber}`),
  },
  {
    kind: "address", number: true,
    pattern: re("", `${name}${blank}(?:Vej|Gade|Allé|Alle|Plads|Torv|Boulevard|Straat|Laan|Weg|Plein|Street|Road|Lane|Avenue)${houseNumber}`),
  },
  { kind: "address", number: true, pattern: re("", `\\d{1,4}[A-Za-z]?${blank}+${name}${blank}(?:Street|Road|Lane|Avenue|St\\.|Rd\\.)`) },
]

const hints = new Set<FindingKind>(["address", "health", "suspicion"])
const finding = (kind: FindingKind, start: number, end: number): Finding => ({ kind, hint: hints.has(kind), start, end })

/**
 * Finds personal data in a text, in its order: numbers that identify or reach a person, and, as hints, addresses, words about health
 * and suspicion, and descriptions of persons. It knows Danish, Dutch and English ways of writing, and it errs: it is there to make people think, not to decide.
 */
export function findPersonalData(text: string): Finding[] {
  const found: Finding[] = []
  for (const { kind, pattern, number, fits } of detectors) {
    pattern.lastIndex = 0
    for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
      const start = match.index
      const end = start + match[0].length
      const overlaps = found.some(other => start < other.end && other.start < end)
      if (!overlaps && (!number || standsAlone(text, start, end)) && (!fits || fits(match[0]))) found.push(finding(kind, start, end))
      else pattern.lastIndex = start + (text.codePointAt(start)! > 0xffff ? 2 : 1)
    }
  }
  return [...found, ...findWords(text)].sort((a, b) => a.start - b.start)
}

const beforeNumber = /(?:[\p{L}\p{Nd}_+]|\p{Nd}[.,:/–-])$/u
const afterNumber = /^(?:[\p{L}\p{Nd}_]|[.,:/–-]\p{Nd})/u
const moneyBefore = new RegExp(`(?:€|\\$|kr\\.?|dkk|eur)${blank}?$`, "iu")
const moneyAfter = new RegExp(`^(?:,-|${blank}?(?:€|(?:kr|dkk|eur|euro)(?:[^\\p{L}]|$)))`, "iu")
const around = 16 // more than the patterns above look at

/** Whether what is found is no part of a longer number or word, and no sum of money. */
function standsAlone(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - around), start)
  const after = text.slice(end, end + around)
  return !beforeNumber.test(before) && !afterNumber.test(after) && !moneyBefore.test(before) && !moneyAfter.test(after)
}

const digits = (text: string): number[] => [...text.replace(/\D/g, "")].map(Number)
const numberOf = (of: number[]): number => of.reduce((sum, digit) => sum * 10 + digit, 0)

/** Six digits of a birthday, DDMMYY, and four more. Numbers given to people without a register entry have 60 added to the day. */
function isCpr(text: string): boolean {
  const d = digits(text)
  const day = numberOf(d.slice(0, 2))
  return day < 92 && isDay(day % 60, numberOf(d.slice(2, 4)))
}

function isDay(day: number, month: number): boolean {
  const days = [0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  return month >= 1 && month <= 12 && day >= 1 && day <= days[month]!
}

/** The test of eleven. */
function isBsn(text: string): boolean {
  const d = digits(text)
  const sum = d.slice(0, 8).reduce((all, digit, at) => all + (9 - at) * digit, -d[8]!)
  return sum % 11 === 0 && numberOf(d) !== 0
}

/** Excludes two years, and a day in digits. */
function isDanishPhone(text: string): boolean {
  const d = digits(text)
  const [a, b] = [numberOf(d.slice(0, 4)), numberOf(d.slice(4))]
  const isYear = (n: number) => n >= 1900 && n <= 2099
  return !(isYear(a) && (isYear(b) || isDay(b % 100, Math.floor(b / 100))))
}

const noStreets = ["onderweg", "halverwege", "undervej", "fodboldplads", "legeplads", "parkeringsplads"]

/** Excludes words that end as streets do. */
function isAddress(text: string): boolean {
  return !noStreets.includes(fold(text).split(" ")[0]!)
}

function findWords(text: string): Finding[] {
  const words = [...text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)].map(match => ({ folded: fold(match[0]), start: match.index, end: match.index + match[0].length }))
  const described = describing(words.map(word => word.folded))
  return words.flatMap(({ folded, start, end }, at) => [
    ...(isListed(healthWords, folded) ? [finding("health", start, end)] : []),
    ...(described.has(at) || isListed(suspicionWords, folded) ? [finding("suspicion", start, end)] : []),
  ])
}

/** Which words describe a person. */
function describing(words: string[]): Set<number> {
  const described = new Set<number>()
  for (const { who, looks } of Object.values(descriptions)) {
    const last = { who: -Infinity, looks: -Infinity }
    for (const [at, word] of words.entries()) {
      if (isListed(who, word)) last.who = at
      else if (isListed(looks, word)) last.looks = at
      else continue
      if (Math.abs(last.who - last.looks) <= descriptionWords) described.add(last.who).add(last.looks)
    }
  }
  return described
}

/** Whether a word, or with a star a beginning of it, is in the list. */
function isListed(list: ReadonlySet<string>, word: string): boolean {
  if (list.has(word)) return true
  for (let end = 0; end <= word.length; end++) if (list.has(`${word.slice(0, end)}*`)) return true
  return false
}
