import { mkdir, open, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";

const GAP_MS = 5_000;
const FILES = 100;
const COMPLETE = "complete.json";

type Json = Record<string, unknown>;
interface Module {
  own_config: Json;
  sources: Json[];
}

/** In an event the organization's own layer is `config`, because events contain no other layer. */
interface Change {
  module_id: string;
  config: Json;
  sources: Json[];
  change: string;
}

export interface Event {
  organization_id: string;
  sequence: number;
  payload: { modules?: Change[] };
}

export interface State {
  organization_id: string;
  sequence: number;
  items: (Module & { module_id: string })[];
}

interface Organization {
  sequence: number;
  modules: Record<string, Module>;
  held: Event[];
}

/** The mirrored state of each organization, with its sequence: in memory, and after `save` on the disk. */
export class Mirror {
  readonly organizations = new Map<string, Organization>();
  private readonly waitingSince = new Map<string, number>();
  private readonly changed = new Set<string>();

  private constructor(private readonly directory: string) {}

  static async load(directory: string): Promise<Mirror> {
    const mirror = new Mirror(directory);
    await mkdir(directory, { recursive: true });
    for (const name of await readdir(directory)) {
      if (name.endsWith(".json") && name !== COMPLETE) {
        const organization = JSON.parse(await readFile(join(directory, name), "utf8")) as Organization;
        const id = name.slice(0, -".json".length);
        mirror.organizations.set(id, organization);
        if (organization.held.length > 0) mirror.waitingSince.set(id, Date.now());
      }
    }
    return mirror;
  }

  /** Apply, drop or hold an event. */
  receive(event: Event): void {
    const organization = this.organization(event.organization_id);
    if (event.sequence <= organization.sequence) return;
    if (organization.held.some((one) => one.sequence === event.sequence)) return;
    organization.held.push(event);
    this.applyHeld(event.organization_id, organization);
  }

  /** Replace the state of an organization by one read over REST, unless the mirror is newer. */
  replace(state: State): void {
    const organization = this.organization(state.organization_id);
    if (state.sequence < organization.sequence) return;
    organization.sequence = state.sequence;
    organization.modules = Object.fromEntries(
      state.items.map(({ module_id, own_config, sources }) => [module_id, { own_config, sources }]),
    );
    this.applyHeld(state.organization_id, organization);
  }

  /** The organizations whose events have been missing for too long. */
  gaps(): string[] {
    return [...this.waitingSince].filter(([, since]) => since < Date.now() - GAP_MS).map(([id]) => id);
  }

  /** Resolve once everything received before the call is stored durably. */
  async save(): Promise<void> {
    const ids = [...this.changed];
    this.changed.clear();
    while (ids.length > 0) {
      await Promise.all(ids.splice(0, FILES).map((id) => this.write(`${id}.json`, this.organizations.get(id))));
    }
  }

  async isComplete(): Promise<boolean> {
    return (await readdir(this.directory)).includes(COMPLETE);
  }

  async noteComplete(): Promise<void> {
    await this.save();
    await this.write(COMPLETE, { completed_at: new Date() });
  }

  private organization(id: string): Organization {
    const organization = this.organizations.get(id) ?? { sequence: 0, modules: {}, held: [] };
    this.organizations.set(id, organization);
    return organization;
  }

  private applyHeld(id: string, organization: Organization): void {
    this.changed.add(id);
    for (const event of organization.held.sort((one, other) => one.sequence - other.sequence)) {
      if (event.sequence !== organization.sequence + 1) continue;
      organization.sequence = event.sequence;
      for (const { module_id, config, sources, change } of event.payload.modules ?? []) {
        if (change === "removed") delete organization.modules[module_id];
        else organization.modules[module_id] = { own_config: config, sources };
      }
    }
    organization.held = organization.held.filter((event) => event.sequence > organization.sequence);
    if (organization.held.length === 0) this.waitingSince.delete(id);
    else if (!this.waitingSince.has(id)) this.waitingSince.set(id, Date.now());
  }

  /** Replace the file atomically: a reader sees either the previous content or the new one. */
  private async write(name: string, value: unknown): Promise<void> {
    const path = join(this.directory, name);
    const file = await open(`${path}.new`, "w");
    await file.writeFile(JSON.stringify(value));
    await file.sync();
    await file.close();
    await rename(`${path}.new`, path);
  }
}
