import { expect, test } from 'vitest';
import { ModplaneError } from '@modplane/client';
import { de } from '@/i18n/de.ts';
import { describeProblem } from '@/ui/problem.tsx';

test('the words of an answer that is not of the service are shown to nobody', () => {
  const detail = '<h1>bad gateway</h1>';
  const foreign = new ModplaneError({ type: 'about:blank', title: 'Bad Gateway', status: 502, detail, instance: '/' });
  const { title, detail: shown } = describeProblem(foreign, de);
  expect(title).toBe(de.common.networkTitle);
  expect(shown).toBe(de.common.foreignDetail(502));
});
