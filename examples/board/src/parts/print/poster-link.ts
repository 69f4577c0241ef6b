/**
 * Each printed poster has a random number of its own in its address, so that the server can count how often that paper is scanned, and
 * nothing about who did. Where to go stands after #: the link works the same when nobody counts, and offline.
 */
import { format } from "../../app/route";

/** Crockford's base 32, without letters that look like digits. */
const LETTERS = "0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH = 12;

/** newPoster makes the number of one sheet of paper. */
export function newPoster(): string {
  return [...crypto.getRandomValues(new Uint8Array(LENGTH))].map((byte) => LETTERS[byte % LETTERS.length]).join("");
}

/** isPoster: what newPoster makes. */
export function isPoster(text: unknown): text is string {
  return typeof text === "string" && /^[0-9a-hjkmnp-tv-z]{12}$/.test(text);
}

/** posterLink is what the QR code of a poster says: of a post, or of the whole board. */
export function posterLink(poster: string, board: string, post?: string): string {
  return `${location.origin}/p/${poster}${format({ board, post })}`;
}

/** numbered writes a poster's number as people read it. */
export function numbered(poster: string): string {
  return (poster.toUpperCase().match(/.{1,4}/g) ?? []).join("-");
}
