import { useComputedColorScheme } from '@mantine/core';
import { json } from '@codemirror/lang-json';
import CodeMirror, { EditorView } from '@uiw/react-codemirror';

const extensions = [json(), EditorView.lineWrapping];

/** A JSON text editor. Heavy: load it lazily (`const JsonEditor = lazy(() => import('@/ui/json-editor.tsx'))`). */
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
  const scheme = useComputedColorScheme('light');
  return (
    <CodeMirror
      value={value}
      onChange={onChange ?? (() => undefined)}
      readOnly={readOnly}
      theme={scheme}
      minHeight={minHeight}
      maxHeight="480px"
      basicSetup={{ foldGutter: false, highlightActiveLine: false, autocompletion: false }}
      extensions={[...extensions, EditorView.contentAttributes.of({ 'aria-label': label })]}
      style={{
        fontSize: 13,
        border: '1px solid var(--mantine-color-default-border)',
        borderRadius: 8,
        overflow: 'hidden',
      }}
    />
  );
}
