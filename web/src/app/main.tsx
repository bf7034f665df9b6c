import '@fontsource-variable/inter/wght.css';
import './fonts/fonts.css';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './app.css';

import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { setUpClient } from '@/api/client.ts';
import { startSession } from '@/api/token.ts';
import { App } from '@/app/app.tsx';

// A deployment replaces the chunks this page was built with: one reload fetches the new ones.
window.addEventListener('vite:preloadError', (event) => {
  const last = Number(sessionStorage.getItem('modplane-reloaded') ?? 0);
  if (Date.now() - last < 10_000) return;
  event.preventDefault();
  sessionStorage.setItem('modplane-reloaded', String(Date.now()));
  window.location.reload();
});

setUpClient();
await startSession();
const root = document.getElementById('root');
if (root === null) throw new Error('The page has no #root.');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
