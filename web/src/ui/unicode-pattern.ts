/** What nobody can mistake needs no escaping and may have it, which the flag u does not allow. Null for other patterns. */
export function unicodePattern(pattern: string): string | null {
  if (isUnicode(pattern)) return pattern;
  let told = '';
  let inClass = false;
  const tokens = pattern.match(/\\u\{[^}]*\}|\\[pP]\{[^}]*\}|\\[^]|\{\d+(?:,\d*)?\}|[^]/gu) ?? [];
  for (const [place, token] of tokens.entries()) {
    const isSet = (other: string | undefined) => /^\\[dDwWsSpP]/.test(other ?? '');
    if (/^\\[^A-Za-z0-9^$\\.*+?()[\]{}|/]$/u.test(token)) told += inClass && token === '\\-' ? token : token.slice(1);
    else if (inClass && token === '-' && (isSet(tokens[place - 1]) || isSet(tokens[place + 1]))) told += '\\-';
    else if (!inClass && (token === '{' || token === '}' || token === ']')) told += `\\${token}`;
    else told += token;
    if (token === '[') inClass = true;
    else if (token === ']') inClass = false;
  }
  return isUnicode(told) ? told : null;
}

function isUnicode(pattern: string): boolean {
  try {
    new RegExp(pattern, 'u');
    return true;
  } catch {
    return false;
  }
}
