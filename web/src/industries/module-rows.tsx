import { ActionIcon, Button, Switch, Text, Tooltip } from '@mantine/core';
import {
  type Announcements,
  DndContext,
  type DragEndEvent,
  KeyboardSensor,
  closestCenter,
  useSensor,
  useSensors,
} from '@dnd-kit/core';
import {
  SortableContext,
  arrayMove,
  sortableKeyboardCoordinates,
  useSortable,
  verticalListSortingStrategy,
} from '@dnd-kit/sortable';
import { CSS } from '@dnd-kit/utilities';
import { IconAlertTriangle, IconGripVertical, IconX } from '@tabler/icons-react';
import type { TemplateModule } from '@modplane/client';
import { type Messages, useMessages } from '@/i18n/messages.tsx';
import { type Draft, type Registry, type Standing, nameIn, standingOf } from '@/industries/draft.ts';
import classes from '@/industries/industries.module.css';
import { OwnClickPointerSensor } from '@/industries/pointer-sensor.ts';
import { ModuleIcon } from '@/ui/module-icon.tsx';

/** The ordered list: moved by pointer or keyboard, with every move spoken. */
export function ModuleRows({
  draft,
  registry,
  onChange,
  onConfig,
}: {
  draft: Draft;
  registry: Registry;
  onChange: (draft: Draft) => void;
  onConfig: (id: string) => void;
}) {
  const { industries: m } = useMessages();
  const ids = draft.map((one) => one.module_id);
  const sensors = useSensors(
    useSensor(OwnClickPointerSensor, { activationConstraint: { distance: 4 } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );
  const end = ({ active, over }: DragEndEvent) => {
    const from = ids.indexOf(String(active.id));
    const to = ids.indexOf(String(over?.id));
    if (from >= 0 && to >= 0 && from !== to) onChange(arrayMove([...draft], from, to));
  };
  return (
    <DndContext
      sensors={sensors}
      collisionDetection={closestCenter}
      onDragEnd={end}
      accessibility={{
        announcements: spoken(m, ids, (id) => nameIn(registry, id)),
        screenReaderInstructions: { draggable: m.dragHelp },
      }}
    >
      <SortableContext items={ids} strategy={verticalListSortingStrategy}>
        <ol className={classes.list} aria-label={m.order}>
          {draft.map((one) => (
            <Row
              key={one.module_id}
              one={one}
              registry={registry}
              onRequired={(required) =>
                onChange(draft.map((each) => (each === one ? { ...one, is_required: required } : each)))
              }
              onTakeOut={() => onChange(draft.filter((each) => each !== one))}
              onConfig={() => onConfig(one.module_id)}
            />
          ))}
        </ol>
      </SortableContext>
    </DndContext>
  );
}

function Row({
  one,
  registry,
  onRequired,
  onTakeOut,
  onConfig,
}: {
  one: TemplateModule;
  registry: Registry;
  onRequired: (required: boolean) => void;
  onTakeOut: () => void;
  onConfig: () => void;
}) {
  const { industries: m } = useMessages();
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({
    id: one.module_id,
  });
  const name = nameIn(registry, one.module_id);
  const keys = Object.keys(one.default_config).length;
  const warning = warningOf(standingOf(registry, one.module_id), one.is_required, m);
  return (
    <li
      ref={setNodeRef}
      className={isDragging ? `${classes.row} ${classes.lifted}` : classes.row}
      style={{ transform: CSS.Translate.toString(transform), transition }}
    >
      <ActionIcon
        ref={setActivatorNodeRef}
        {...attributes}
        {...listeners}
        variant="subtle"
        color="gray"
        aria-label={m.drag(name)}
        style={{ cursor: 'grab', touchAction: 'none' }}
      >
        <IconGripVertical size={16} />
      </ActionIcon>
      <ModuleIcon name={name} metadata={registry.get(one.module_id)?.metadata ?? {}} />
      <div className={classes.name}>
        <Text fz="sm" fw={500} style={{ overflowWrap: 'anywhere' }}>
          {name}
        </Text>
        {warning === null ? (
          <Text fz="xs" c="dimmed" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
            {one.module_id}
          </Text>
        ) : (
          <Text fz="xs" c="var(--mantine-color-orange-light-color)">
            <IconAlertTriangle size={12} aria-hidden style={{ verticalAlign: -1 }} /> {warning}
          </Text>
        )}
      </div>
      <div className={classes.tools}>
        <Button
          size="compact-xs"
          variant={keys === 0 ? 'subtle' : 'light'}
          color="gray"
          aria-label={`${m.configOf(name)} (${String(keys)})`}
          onClick={onConfig}
        >
          {m.config(keys)}
        </Button>
        <Switch
          size="xs"
          label={m.required}
          aria-label={m.requiredSwitch(name)}
          checked={one.is_required}
          onChange={(event) => onRequired(event.currentTarget.checked)}
        />
        <Tooltip label={m.takeOut(name)}>
          <ActionIcon variant="subtle" color="gray" aria-label={m.takeOut(name)} onClick={onTakeOut}>
            <IconX size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
    </li>
  );
}

function warningOf(standing: Standing, isRequired: boolean, m: Messages['industries']): string | null {
  if (standing === 'active') return null;
  if (standing === 'inactive') return isRequired ? m.inactiveRequired : m.inactiveOptional;
  return isRequired ? m.missingRequired : m.missingOptional;
}

function spoken(m: Messages['industries'], ids: readonly string[], name: (id: string) => string): Announcements {
  const place = (id: unknown) => ids.indexOf(String(id)) + 1;
  return {
    onDragStart: ({ active }) => m.picked(name(String(active.id)), place(active.id), ids.length),
    onDragOver: ({ active, over }) => (over ? m.moved(name(String(active.id)), place(over.id), ids.length) : undefined),
    onDragEnd: ({ active, over }) => m.dropped(name(String(active.id)), place(over?.id ?? active.id), ids.length),
    onDragCancel: ({ active }) => m.dragCancelled(name(String(active.id))),
  };
}
