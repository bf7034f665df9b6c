/** The numbers and names that sentences on the system's status are made with. Counts of waiting rows end at 100,000. */
export interface SystemFigures {
  readonly replicas: number;
  readonly replicasWithoutKafka: number;
  readonly replicasWithoutRedis: number;
  readonly running: number;
  readonly silent: string;
  readonly leader: string;
  readonly events: number | null;
  readonly oldestEvent: number;
  readonly lag: number;
  readonly groupsWithoutMembers: string;
  readonly openCommands: number;
  readonly openEvents: number;
  readonly openRelay: number;
  readonly pending: number;
  readonly oldestPending: number;
  readonly hitRatio: number;
  readonly reads: number;
  readonly unlisted: number;
  readonly unregistered: number;
}

/** Where the service stops counting. */
export const COUNTED = 100_000;
