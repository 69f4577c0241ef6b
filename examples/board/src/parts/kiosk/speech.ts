/** Reading aloud with a voice of this device: never one that sends the text elsewhere. Without a voice for the language there is nothing to press. */
import { useEffect, useState } from "react";

function synth(): SpeechSynthesis | undefined {
  return "speechSynthesis" in window ? window.speechSynthesis : undefined;
}

/** speaking says whether something is being read now. */
export function speaking(): boolean {
  return synth()?.speaking ?? false;
}

/** silence stops it. */
export function silence(): void {
  synth()?.cancel();
}

export interface Reader {
  /** Whether there is a voice for the language. */
  possible: boolean;
  reading: boolean;
  read: (text: string) => void;
  stop: () => void;
}

/** useReader reads text of a language; it stops when the screen that uses it goes away. */
export function useReader(language: string): Reader {
  const [voice, setVoice] = useState<SpeechSynthesisVoice | null>(null);
  const [reading, setReading] = useState(false);
  useEffect(() => {
    const s = synth();
    if (!s) return;
    const find = () => setVoice(s.getVoices().find((v) => v.localService && v.lang.toLowerCase().startsWith(language)) ?? null);
    find();
    s.addEventListener("voiceschanged", find);
    return () => {
      s.removeEventListener("voiceschanged", find);
      s.cancel();
    };
  }, [language]);
  return {
    possible: voice !== null,
    reading,
    read: (text) => {
      const s = synth();
      if (!s || !voice) return;
      s.cancel();
      const spoken = new SpeechSynthesisUtterance(text);
      spoken.voice = voice;
      spoken.lang = voice.lang;
      spoken.rate = 0.9;
      spoken.onend = spoken.onerror = () => setReading(false);
      setReading(true);
      s.speak(spoken);
    },
    stop: () => {
      silence();
      setReading(false);
    },
  };
}
