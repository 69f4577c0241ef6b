/**
 * Words that deserve a second thought before they stand where everybody reads them: about health, and about people who look suspicious. A thought and
 * never a refusal; findings are the words as they were written. Danish, Dutch and English are looked for at once, since neighbours mix them.
 */
import { findPersonalData } from "@tavle/client";

export type Thought = "health" | "suspicion";

/** Beginnings of words, folded to lower case. */
const beginnings: Record<Thought, readonly string[]> = {
  health: [
    "depress", "angst", "anxiet", "psykisk", "psykiat", "psychi", "diagno", "dement", "demens", "dementia", "alzheimer", "parkinson", "kræft", "kanker", "cancer", "diabet",
    "sukkersyge", "suikerziek", "adhd", "autis", "medicin", "medicijn", "medication", "sygdom", "syg", "ziek", "illness", "disease", "hospital", "sygehus", "ziekenhuis",
    "stress", "burn-out", "burnout", "overspann", "misbrug", "verslaaf", "verslav", "addict", "alkohol", "alcohol", "epilep", "handicap", "hjerte", "blodtryk", "bloeddruk", "gravid",
    "zwanger", "pregnan", "selvmord", "zelfmoord", "suicid", "hofteoperation", "operation", "operatie", "kørestol", "rolstoel", "wheelchair", "voldtægt", "verkracht", "rape",
  ],
  suspicion: [
    "mistænk", "verdacht", "suspicious", "suspect", "tyv", "dief", "dieven", "thief", "thieves", "indbrud", "inbraak", "inbreker", "burglar", "burglary", "hash", "hasj", "narko",
    "drugsdeal", "pusher", "dealer", "kriminel", "crimineel", "criminal", "skummel", "signalement", "vandal", "hooligan", "ballademager", "hangjonge", "lurer", "gluurder", "prowl",
  ],
};
/** "a man with a dark hood": somebody, and how they look, near each other. */
const person = /\b(mand|mænd|fyr|kvinde|drenge?|unge|man|mannen|vrouw|jongens?|jongeren|men|guys?|woman|women|youths?|boys?)\b/giu;
const looks =
  /\b(hættetrøje|hætte|hudfarve|udseende|skæg|tatover\p{L}*|jakke|capuchon|huidskleur|uiterlijk|baard|getatoeëerd|jas|hood\p{L}*|beard|tattoo\p{L}*|skin|jacket|accent|nummerplade|kenteken|number plate)\b/giu;
/** Characters between the two. */
const NEAR = 80;
/** Words that begin like one of the list and mean nothing of the kind. */
const harmless = /^(sygeplejerske|sygeplejersken|hjertelig\p{L}*|hjertens|ziekenhuisbed|operationel\p{L}*|operational|stressless|hashtag\p{L}*|sygt)$/u;

/** thoughts finds words to think about twice: by kind, each word once, in the order of the text. */
export function thoughts(text: string): Partial<Record<Thought, string[]>> {
  const found: Partial<Record<Thought, string[]>> = {};
  const add = (thought: Thought, word: string) => {
    const list = (found[thought] ??= []);
    if (!list.includes(word)) list.push(word);
  };
  for (const f of findPersonalData(text)) if (f.kind === "health" || f.kind === "suspicion") add(f.kind, text.slice(f.start, f.end));
  for (const [word] of text.matchAll(/[\p{L}\p{M}\p{N}-]+/gu)) {
    const low = word.toLowerCase();
    if (harmless.test(low)) continue;
    for (const thought of ["health", "suspicion"] as const) {
      if (beginnings[thought].some((b) => (b.length < 5 ? low === b : low.startsWith(b)))) add(thought, word);
    }
  }
  for (const who of text.matchAll(person)) {
    for (const how of text.matchAll(looks)) {
      if (Math.abs(how.index - who.index) <= NEAR) {
        add("suspicion", who[0]);
        add("suspicion", how[0]);
      }
    }
  }
  return found;
}
