import { lazyRouteComponent } from '@tanstack/react-router';
import { type ReactNode, createElement } from 'react';
import { loadedOrAgain } from '@/ui/loaded-again.tsx';

type Page = () => ReactNode;
type Pages<Name extends string> = Readonly<Record<Name, Page>>;

/** A page from a chunk of its own: links load it early, and one that cannot be loaded is said to be, and tried again. */
export function page<Name extends string>(load: () => Promise<Pages<Name>>, name: Name) {
  return lazyRouteComponent(async () => {
    const Loaded = await loadedOrAgain(async () => (await load())[name], reloadWhenReplaced);
    return { default: () => createElement(Loaded) };
  });
}

const RELOADED = 'modplane-reloaded';
const AGAIN_MS = 10_000;

/**
 * A deployment replaces the chunks this page was built with: when the service answers, and the chunk is gone, one reload
 * fetches the new ones. Nothing is lost by it: it is done where a page is to be shown, never while one is only near.
 */
async function reloadWhenReplaced(): Promise<void> {
  try {
    const answer = await fetch(location.href, { method: 'HEAD', cache: 'no-store' });
    if (!answer.ok) return;
    const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
    if (Date.now() - last < AGAIN_MS) return;
    sessionStorage.setItem(RELOADED, String(Date.now()));
    location.reload();
  } catch {
    // Out of reach, or storage is forbidden, so that nobody would know how often: then it is left to the person.
  }
}
