import { Code } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useEffect, useState } from 'react';
import { copyText } from '@/api/browser.ts';
import { type Messages, useMessages } from '@/i18n/messages.tsx';

const SAID_MS = 1500;

/** Copies; where the browser does not let us, shows the text to be copied by hand. */
async function copyOrShow(text: string, m: Messages): Promise<boolean> {
  if (await copyText(text)) return true;
  notifications.show({
    closeButtonProps: { 'aria-label': m.common.dismiss },
    color: 'orange',
    autoClose: false,
    title: m.common.copyByHand,
    message: (
      <Code block mah={240} style={{ userSelect: 'all', overflow: 'auto', whiteSpace: 'pre-wrap' }}>
        {text}
      </Code>
    ),
  });
  return false;
}

/** A way to copy, and whether that was done just now. */
export function useCopy(): { readonly isCopied: boolean; readonly copy: (text: string) => Promise<boolean> } {
  const m = useMessages();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async (text: string) => {
    const done = await copyOrShow(text, m);
    setCopied(done);
    return done;
  };
  return { isCopied, copy };
}
