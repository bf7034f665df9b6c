import { useMemo, useState } from 'react';
import type { ConfigLayer } from '@modplane/client';
import { type Unstorable, layerFor, leaves, merged, placed, unstorable } from '@/assignments/layers.ts';
import { sameJson, valueAt } from '@/ui/json-values.ts';

type Json = Readonly<Record<string, unknown>>;

const below = (layers: readonly ConfigLayer[]): Json =>
  layers.filter(({ kind }) => kind !== 'organization').reduce<Json>((under, { config }) => merged(under, config), {});

interface State {
  /** The tenant's own layer as the service has it. */
  readonly saved: Json;
  /** What the layer holds even where it is the same as below. */
  readonly kept: Json;
  /** All of the config as it is on screen. */
  readonly edited: Json;
}

export interface LayeredEdit {
  /** What comes out without the tenant's own layer. */
  readonly base: Json;
  readonly saved: Json;
  readonly edited: Json;
  /** The tenant's own layer under which `edited` comes out, as far as one can. */
  readonly own: Json;
  readonly isChanged: boolean;
  readonly unstorable: readonly Unstorable[];
  readonly edit: (edited: Json) => void;
  /** Lets go of the tenant's own value at a place. */
  readonly reset: (pointer: string) => void;
  readonly resetAll: () => void;
  /** Goes on with another layer, on top of what is saved now. */
  readonly goOn: (saved: Json, own: Json) => void;
}

/** A tenant's config as it is edited: all of it on screen, its own layer kept apart. */
export function useLayeredEdit(layers: readonly ConfigLayer[], ownLayer: Json): LayeredEdit {
  const base = useMemo(() => below(layers), [layers]);
  const begun = (saved: Json, own: Json): State => ({ saved, kept: own, edited: merged(base, own) });
  const [state, setState] = useState(() => begun(ownLayer, ownLayer));
  const { saved, kept, edited } = state;
  const own = useMemo(() => layerFor(base, kept, edited), [base, kept, edited]);
  return {
    base,
    saved,
    edited,
    own,
    isChanged: !sameJson(edited, merged(base, saved)) || !sameJson(own, saved),
    unstorable: useMemo(() => unstorable(base, saved, kept, edited), [base, saved, kept, edited]),
    edit: (next) => setState({ ...state, edited: next }),
    reset: (pointer) =>
      setState({
        saved,
        kept: placed(kept, pointer, undefined),
        edited: placed(edited, pointer, valueAt(base, pointer)),
      }),
    resetAll: () => setState({ saved, kept: {}, edited: base }),
    goOn: (nowSaved, nowOwn) => setState(begun(nowSaved, nowOwn)),
  };
}

/** Where each value on screen is from, by JSON pointer: the place of its layer, or `own`. */
export function placesOf(
  { edited, own, base }: LayeredEdit,
  layers: readonly ConfigLayer[],
): ReadonlyMap<string, number | 'own'> {
  const mine = leaves(own);
  const pointers = new Set([...leaves(edited).keys(), ...leaves(base).keys()]);
  return new Map(
    [...pointers].map((pointer) => [
      pointer,
      mine.has(pointer) || valueAt(edited, pointer) === undefined
        ? 'own'
        : layers.findLastIndex(({ kind, config }) => kind !== 'organization' && leaves(config).has(pointer)),
    ]),
  );
}
