import { json } from '@codemirror/lang-json';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { tags } from '@lezer/highlight';
import CodeMirror, { EditorView } from '@uiw/react-codemirror';

// The stock dark theme misses 4.5:1; these shades reach it in both schemes.
const colors = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--mantine-color-indigo-light-color)' },
  { tag: tags.string, color: 'var(--mantine-color-teal-light-color)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--mantine-color-orange-light-color)' },
]);

const surface = EditorView.theme({
  '&': { backgroundColor: 'var(--mantine-color-body)', color: 'var(--mantine-color-text)' },
  '.cm-content': { caretColor: 'var(--mantine-color-text)' },
  '.cm-cursor': { borderLeftColor: 'var(--mantine-color-text)' },
  '.cm-gutters': {
    backgroundColor: 'var(--mantine-color-body)',
    color: 'var(--mantine-color-dimmed)',
    borderRight: '1px solid var(--mantine-color-default-border)',
  },
  '.cm-activeLineGutter': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--mantine-color-indigo-light-hover)',
  },
});

const extensions = [json(), EditorView.lineWrapping, surface, syntaxHighlighting(colors)];

/** A JSON text editor. Heavy: load it lazily (`const JsonEditor = lazyPart(() => import('@/ui/json-editor.tsx'))`). */
export default function JsonEditor({
  value,
  onChange,
  label,
  readOnly = false,
  minHeight = '160px',
}: {
  value: string;
  onChange?: (value: string) => void;
  label: string;
  readOnly?: boolean;
  minHeight?: string;
}) {
  return (
    <CodeMirror
      value={value}
      onChange={onChange ?? (() => undefined)}
      readOnly={readOnly}
      theme="none"
      minHeight={minHeight}
      maxHeight="480px"
      basicSetup={{ foldGutter: false, syntaxHighlighting: false, highlightActiveLine: false, autocompletion: false }}
      extensions={[...extensions, EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' })]}
      style={{
        fontSize: 13,
        border: '1px solid var(--mantine-color-default-border)',
        borderRadius: 8,
        overflow: 'hidden',
      }}
    />
  );
}
