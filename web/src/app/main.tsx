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
import { leadToErrors } from '@/ui/first-error.ts';

setUpClient();
leadToErrors();
await startSession();
const root = document.getElementById('root');
if (root === null) throw new Error('The page has no #root.');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
