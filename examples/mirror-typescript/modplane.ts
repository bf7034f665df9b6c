import { setTimeout as sleep } from "node:timers/promises";
import type { State } from "./mirror.js";

const PATIENCE_MS = 120_000;
const TIMEOUT_MS = 30_000;
const PAGE = 50;

/** The part of the REST API that a service token can read. */
export class Modplane {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** The modules of all organizations, a page of organizations at a time, in an order that never changes. */
  async *pages(): AsyncGenerator<State[]> {
    let cursor = "";
    do {
      const page = await this.get<{ items: { organization_id: string }[]; next_cursor: string | null }>(
        `/organizations?sort=created_at&limit=${PAGE}${cursor}`,
      );
      yield await Promise.all(page.items.map((item) => this.modules(item.organization_id)));
      cursor = page.next_cursor === null ? "" : `&cursor=${encodeURIComponent(page.next_cursor)}`;
    } while (cursor !== "");
  }

  /** All modules of an organization, and the sequence of that state. */
  modules(organizationId: string): Promise<State> {
    return this.get(`/organizations/${organizationId}/modules`);
  }

  private async get<T>(path: string): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      let pause = 1;
      try {
        const answer = await fetch(`${this.url}/api/v1${path}`, {
          headers: { authorization: `Bearer ${this.token}` },
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        if (answer.ok) return (await answer.json()) as T;
        if (![429, 503].includes(answer.status)) throw new Refused(`${path}: ${answer.status} ${await answer.text()}`);
        pause = Number(answer.headers.get("retry-after") ?? 1);
      } catch (error) {
        if (error instanceof Refused || Date.now() > deadline) throw error;
      }
      await sleep(pause * 1000);
    }
  }
}

class Refused extends Error {}
