/** What may not stand in the document of a neighbour who is not here to see it. */
import { findPersonalData, type Finding } from "@tavle/client";

/** Somebody who is called by their title and a name. Not refused: it may be an office or a dog. */
const titled = /\b(?:[Ff]ru|[Hh]r|[Ff]rk|[Mm]evrouw|[Mm]evr|[Mm]eneer|[Dd]hr|[Mm]w|[Mm]rs|[Mm]r|[Mm]s|[Mm]iss)\b\.?\s+(?:(?:de|van|der|den)\s+)*\p{Lu}[\p{L}-]+/gu;

/** refusals finds the words that must go, in the order of the text: numbers and mail addresses, and here also where somebody lives. */
export function refusals(text: string): Finding[] {
  return findPersonalData(text).filter((f) => !f.hint || f.kind === "address");
}

/** names that were written with a title: "Mrs Jensen". */
export function names(text: string): string[] {
  return [...text.matchAll(titled)].map((m) => m[0]);
}
