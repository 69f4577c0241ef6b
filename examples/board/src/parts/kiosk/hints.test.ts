import { describe, expect, it } from "vitest";
import { thoughts } from "./hints";

describe("words to think about twice", () => {
  it.each([
    ["Er der andre med depression, der vil gå en tur?", ["depression"]],
    ["Ik zoek iemand die ook een burn-out heeft gehad", ["burn-out"]],
    ["Company for somebody with dementia", ["dementia"]],
  ])("finds health in %s", (text, words) => {
    expect(thoughts(text).health).toEqual(words);
  });

  it.each([
    "Der går en mand rundt i kælderen med sort hættetrøje",
    "Jongen met capuchon bij de fietsen",
    "A man in a dark jacket is looking into cars",
    "Der ryges hash i parkeringskælderen",
    "Verdacht busje in de straat",
  ])("finds a suspicion in %s", (text) => {
    expect(thoughts(text).suspicion?.length).toBeGreaterThan(0);
  });

  it.each([
    "Hvem kan skifte en pære i min gang?",
    "Wie kan een rolgordijn ophangen? Mijn man kan het niet.",
    "Looking for a woman or man to play chess with",
    "Hjertelig tak for hjælpen",
  ])("leaves %s alone", (text) => {
    const found = thoughts(text);
    expect(found).toEqual({});
  });
});
