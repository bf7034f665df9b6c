import { PointerSensor, type PointerSensorProps } from '@dnd-kit/core';

interface Listening {
  readonly documentListeners: { readonly removeAll: () => void };
}

/**
 * A sensor that keeps no click from the page but the one of its own drag.
 *
 * The library stops all clicks until 50 ms after a drop, by a timer: on a busy page that is late, and the next click, a
 * gesture of its own, would do nothing. Once another gesture begins the drag's own click has been or will never be.
 */
export class OwnClickPointerSensor extends PointerSensor {
  constructor(props: PointerSensorProps) {
    super(props);
    const { documentListeners } = this as unknown as Listening;
    const next = ({ isPrimary }: PointerEvent) => {
      if (!isPrimary) return;
      documentListeners.removeAll();
      document.removeEventListener('pointerdown', next, { capture: true });
    };
    document.addEventListener('pointerdown', next, { capture: true });
  }
}
