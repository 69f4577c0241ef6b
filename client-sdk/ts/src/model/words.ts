// Words as they are searched for: what a person takes for the same is equal. Pure.

// A base, a blank, and the letters that become it. å, æ and ø become what stands for them where a keyboard lacks them; the others lose
// their marks.
const letters = `
a àáâãäāăą
aa å
ae æ
c çćĉċč
d ðďđ
e èéêëēĕėęě
g ĝğġģ
h ĥħ
i ìíîïĩīĭįı
ij ĳ
j ĵ
k ķĸ
l ĺļľŀł
n ñńņňŉŋ
o òóôõöōŏő
oe øœ
r ŕŗř
s śŝşšșſ
ss ß
t ţťŧț
th þ
u ùúûüũūŭůűų
w ŵ
y ýÿŷ
z źżž
σ ς`

const foldings = new Map<string, string>()
for (const line of letters.trim().split("\n")) {
  const [base, from] = line.split(" ") as [string, string]
  for (const letter of from) foldings.set(letter, base)
}

const ringAbove = "\u030a"

/** A text in lower case, without accents. */
export function fold(text: string): string {
  let folded = ""
  let previous = ""
  for (const upper of text) {
    const letter = lower(upper)
    const base = foldings.get(letter)
    if (base !== undefined) folded += base
    else if (letter === ringAbove && previous === "a") folded += "a" // å, written as a letter and a mark
    else if (letter < "\u0300" || letter > "\u036f") folded += letter
    previous = letter
  }
  return folded
}

// One letter stays one: İ would become two.
const lower = (letter: string): string => [...letter.toLowerCase()][0]!

/** The words of a text, folded: runs of letters, marks and digits. */
export const words = (text: string): string[] => fold(text).match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
