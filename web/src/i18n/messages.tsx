import { type ReactNode, createContext, use, useEffect, useState } from 'react';
import { en } from './en.ts';

/** The form of texts, whatever they say. */
export type Widened<T> = T extends string
  ? string
  : T extends (...given: infer Given) => string
    ? (...given: Given) => string
    : { readonly [Key in keyof T]: Widened<T[Key]> };

/** Every text of the UI. A language that lacks one does not compile. */
export type Messages = Widened<typeof en>;

export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = 'modplane-language';

let spokenNow: Messages = en;

/** The texts in the language spoken now, for what is not rendered: a toast from a cache, say. */
export const spokenMessages = (): Messages => spokenNow;

const loaders: Record<Language, () => Promise<Messages>> = {
  en: () => Promise.resolve(en),
  de: () => import('./de.ts').then((module) => module.de),
};

interface Spoken {
  readonly language: Language;
  readonly messages: Messages;
  readonly speak: (language: Language) => void;
}

const Speech = createContext<Spoken>({ language: 'en', messages: en, speak: () => undefined });

function isLanguage(text: string | null | undefined): text is Language {
  return text != null && text in LANGUAGES;
}

/** The language chosen here before, else the browser's first that there is, else English. */
export function preferredLanguage(): Language {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(KEY);
  } catch {
    // Storage may be forbidden.
  }
  if (isLanguage(stored)) return stored;
  return navigator.languages.map((tag) => tag.split('-')[0]).find(isLanguage) ?? 'en';
}

export function MessagesProvider({ children, initial }: { children: ReactNode; initial?: Language }) {
  const [wanted, setWanted] = useState<Language>(() => initial ?? preferredLanguage());
  const [spoken, setSpoken] = useState<{ language: Language; messages: Messages } | null>(
    wanted === 'en' ? { language: 'en', messages: en } : null,
  );
  useEffect(() => {
    let current = true;
    void loaders[wanted]().then((messages) => {
      if (!current) return;
      document.documentElement.lang = wanted;
      spokenNow = messages;
      setSpoken({ language: wanted, messages });
    });
    return () => {
      current = false;
    };
  }, [wanted]);
  if (spoken === null) return null;
  const speak = (language: Language) => {
    try {
      localStorage.setItem(KEY, language);
    } catch {
      // Then it is chosen for this visit alone.
    }
    setWanted(language);
  };
  return <Speech value={{ ...spoken, speak }}>{children}</Speech>;
}

/** The texts in the language spoken now: `m.modules.title`, `m.modules.count(632)`. */
export function useMessages(): Messages {
  return use(Speech).messages;
}

/** The language spoken now, and how to change it. */
export function useLanguage(): { language: Language; speak: (language: Language) => void } {
  const { language, speak } = use(Speech);
  return { language, speak };
}
