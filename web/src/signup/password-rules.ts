/** The service decides; these say so while typing. */
export const LEAST_CHARACTERS = 12;
export const MOST_CHARACTERS = 256;
export const LEAST_DIFFERENT = 5;

/** Which of the rules a password meets. Counted in characters as people see them, as the service counts. */
export function rulesMet(password: string): { readonly isLong: boolean; readonly isVaried: boolean } {
  const characters = Array.from(password);
  return {
    isLong: characters.length >= LEAST_CHARACTERS && characters.length <= MOST_CHARACTERS,
    isVaried: new Set(characters).size >= LEAST_DIFFERENT,
  };
}
