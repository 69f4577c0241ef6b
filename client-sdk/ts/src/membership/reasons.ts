// Why the server refuses changes, in the words that people read (crdt/testdata/board/rights.json), and what they lost by it. Pure.

import * as A from "@automerge/automerge/slim"
import type { Left } from "../documents.js"
import type { Dict } from "../model/values.js"
import { textsIn } from "./texts.js"

/** A sentence in each language of the app. */
export interface Sentences {
  readonly da: string
  readonly nl: string
  readonly en: string
}

const reasons: Record<string, readonly [da: string, nl: string, en: string]> = {
  unknown: [
    "Ændringen blev ikke gemt på tavlen. Spørg den, der passer tavlen.",
    "De wijziging is niet op het prikbord gezet. Vraag het aan de beheerder.",
    "The change was not put on the board. Ask the people who look after it.",
  ],
  notMember: [
    "Du er ikke med på denne tavle, eller din tid er udløbet. Bed ejeren om en ny invitation.",
    "Je hoort niet bij dit prikbord, of je tijd is voorbij. Vraag de eigenaar om een nieuwe uitnodiging.",
    "You do not belong to this board, or your time on it has ended. Ask the owner for a new invitation.",
  ],
  roleMayNot: [
    "Det må du ikke gøre på denne tavle. Spørg en frivillig eller ejeren af tavlen.",
    "Dit mag je niet doen op dit prikbord. Vraag het aan een vrijwilliger of aan de eigenaar.",
    "You may not do this on this board. Ask a volunteer or the owner of the board.",
  ],
  notYours: [
    "Opslaget eller svaret er skrevet af en anden. Skriv et svar i stedet, eller spørg en frivillig.",
    "Dit bericht of deze reactie is van iemand anders. Schrijf zelf een reactie, of vraag een vrijwilliger.",
    "Somebody else wrote this post or reply. Write a reply instead, or ask a volunteer.",
  ],
  forged: [
    "Ændringen er skrevet i en andens navn. Skriv den igen fra din egen telefon.",
    "De wijziging staat op naam van iemand anders. Schrijf het opnieuw op je eigen telefoon.",
    "The change is signed as somebody else. Write it again on your own device.",
  ],
  incomplete: [
    "Der mangler noget, for eksempel hvem der har skrevet det. Opdater appen, og skriv det igen.",
    "Er ontbreekt iets, bijvoorbeeld wie dit schreef. Werk de app bij en schrijf het opnieuw.",
    "Something is missing, such as who wrote it. Update the app and write it again.",
  ],
  actorOfAnother: [
    "Ændringen kommer fra en kopi af en anden enhed. Åbn tavlen igen på denne enhed, og skriv det igen.",
    "De wijziging komt uit een kopie van een ander apparaat. Open het prikbord opnieuw op dit apparaat en schrijf het opnieuw.",
    "The change comes from a copy of another device. Open the board again on this device and write it again.",
  ],
  setOnce: [
    "Dette kan ikke ændres bagefter. Skriv et nyt opslag, hvis noget er forkert.",
    "Dit kan later niet veranderen. Schrijf een nieuw bericht als er iets niet klopt.",
    "This cannot be changed afterwards. Write a new post if something is wrong.",
  ],
  neverDeleted: [
    "Opslag og svar kan ikke slettes helt. Luk dit opslag, eller bed en moderator om at skjule det.",
    "Berichten en reacties kunnen niet helemaal weg. Sluit je bericht, of vraag een moderator om het te verbergen.",
    "Posts and replies cannot be deleted altogether. Close your post, or ask a moderator to hide it.",
  ],
  takenId: [
    "Noget andet har allerede dette nummer. Skriv det igen i et nyt opslag eller svar.",
    "Iets anders heeft dit nummer al. Schrijf het opnieuw in een nieuw bericht of een nieuwe reactie.",
    "Something else has this number already. Write it again in a new post or reply.",
  ],
  genesisOnly: [
    "Ændringen rører ved selve tavlens bund. Opdater appen, og prøv igen.",
    "De wijziging raakt de basis van het prikbord. Werk de app bij en probeer het opnieuw.",
    "The change touches what the board stands on. Update the app and try again.",
  ],
  unknownPlace: [
    "Tavlen kender ikke det sted, hvor der blev skrevet. Opdater appen, og prøv igen.",
    "Het prikbord kent de plek niet waar iets is geschreven. Werk de app bij en probeer het opnieuw.",
    "The board does not know the place that was written to. Update the app and try again.",
  ],
  wrongType: [
    "Tavlen kan ikke læse det, der blev skrevet. Opdater appen, og skriv det igen.",
    "Het prikbord kan niet lezen wat er is geschreven. Werk de app bij en schrijf het opnieuw.",
    "The board cannot read what was written. Update the app and write it again.",
  ],
  badId: [
    "Opslaget eller svaret har ikke et gyldigt nummer. Opdater appen, og skriv det igen.",
    "Het bericht of de reactie heeft geen goed nummer. Werk de app bij en schrijf het opnieuw.",
    "The post or reply has no valid number. Update the app and write it again.",
  ],
  tooLong: [
    "Teksten er for lang. Gør den kortere, eller del den i to opslag.",
    "De tekst is te lang. Maak hem korter, of maak er twee berichten van.",
    "The text is too long. Make it shorter, or write two posts.",
  ],
  tooMany: [
    "Der er for mange emner eller dele på én gang. Tag nogle væk, og prøv igen.",
    "Het zijn te veel onderwerpen of delen tegelijk. Haal er een paar weg en probeer het opnieuw.",
    "These are too many topics or parts at once. Take some away and try again.",
  ],
  identityNumber: [
    "Teksten indeholder et CPR- eller BSN-nummer. Slet nummeret, og send igen.",
    "In de tekst staat een BSN- of CPR-nummer. Haal het nummer weg en verstuur opnieuw.",
    "The text has a CPR or BSN number in it. Delete the number and send it again.",
  ],
  contactData: [
    "Teksten om naboen indeholder et telefonnummer eller en mailadresse. Skriv det på papiret, og slet det her.",
    "In de tekst over de buur staat een telefoonnummer of mailadres. Schrijf het op papier en haal het hier weg.",
    "The text about the neighbour has a telephone number or mail address in it. Write it on the paper and delete it here.",
  ],
  wrongSecret: [
    "Koden passer ikke til opslaget. Se på sedlen, og skriv koden igen.",
    "De code hoort niet bij dit bericht. Kijk op het briefje en typ de code opnieuw.",
    "The code does not fit the post. Look at the slip and enter the code again.",
  ],
  alreadyClaimed: [
    "En anden har allerede overtaget opslaget. Spørg den frivillige, der gav dig sedlen.",
    "Iemand anders heeft dit bericht al overgenomen. Vraag het aan de vrijwilliger die je het briefje gaf.",
    "Somebody else has taken this post over already. Ask the volunteer who gave you the slip.",
  ],
}

/** Codes of all reasons that this version knows. */
export const reasonCodes = Object.keys(reasons)

/** What is wrong and what to do next. For a reason that this version does not know, what the server said in English is all there is of it. */
export function sentencesOf(reason: string, said = ""): Sentences {
  const [da, nl, en] = reasons[reason] ?? reasons.unknown!
  return { da, nl, en: reason in reasons || !said ? en : said }
}

/** What was written and is not there now; or, when all of it was written over later, what the refused change wrote. */
export function lost({ before, after }: Left, change: string): string[] {
  const texts = textsIn(before, after)
  if (texts.length > 0) return texts
  const deps = A.inspectChange(before, change)?.deps ?? []
  return textsIn(A.view(before, [change]), A.view(before, deps))
}

/** The posts, replies and offers that are not there now, by id. */
export function entriesLost({ before, after }: Left): string[] {
  const left = new Set(entriesIn(after))
  return entriesIn(before).filter(id => !left.has(id))
}

const entriesIn = ({ posts }: A.Doc<Dict>): string[] =>
  keysOf(posts).flatMap(id => {
    const { replies, offers } = (posts as Record<string, Dict | null>)[id] ?? {}
    return [id, ...keysOf(replies), ...keysOf(offers)]
  })

const keysOf = (map: unknown): string[] => (typeof map === "object" && map !== null ? Object.keys(map) : [])
