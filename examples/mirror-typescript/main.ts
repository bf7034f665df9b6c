/**
 * Mirror the modules of all organizations, in one JSON file each, by consuming Modplane's events.
 *
 *     MODPLANE_TOKEN=mpt_... node dist/main.js --url http://127.0.0.1:8000 --kafka 127.0.0.1:9092 --directory mirror
 *
 * The events of one organization's assignments are numbered without gaps (`sequence`) and spread over five topics. The
 * next event is applied, a duplicate is dropped, a later one is held until the missing ones arrive; if they do not, the
 * organization is read over REST, with the sequence of the returned state. docs/consume-events.md explains why this is
 * sufficient. The process may be killed at any instant; it exits on permanent errors, so run it under a supervisor that
 * restarts it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Consumer, ListOffsetTimestamps, stringDeserializers } from "@platformatic/kafka";
import { type Event, Mirror } from "./mirror.js";
import { Modplane } from "./modplane.js";

// All topics of the stream: without one of them, its events would appear as gaps.
const TOPICS = [
  "tenant.module.assigned",
  "tenant.module.unassigned",
  "tenant.module.bulk_assigned",
  "tenant.module.config_updated",
  "tenant.industry.applied",
];
const SAVE_MS = 200;

type Kafka = Consumer<string, string, string, string>;
interface Position {
  topic: string;
  partition: number;
  offset: bigint;
  leaderEpoch: number;
}

/** The oldest or newest offset of every partition. */
async function endsOf(consumer: Kafka, timestamp: bigint): Promise<Position[]> {
  const ends = await consumer.listOffsets({ topics: TOPICS, timestamp });
  return TOPICS.flatMap((topic) =>
    (ends.get(topic) ?? []).map((offset, partition) => ({ topic, partition, offset, leaderEpoch: -1 })),
  );
}

/** The group's offsets. Undefined in its first run, and after so long a pause that unread events were deleted. */
async function committedIn(consumer: Kafka, oldest: Position[]): Promise<Position[] | undefined> {
  const topics = TOPICS.map((topic) => ({
    topic,
    partitions: oldest.filter((one) => one.topic === topic).map((one) => one.partition),
  }));
  const committed = await consumer.listCommittedOffsets({ topics });
  const newest = await endsOf(consumer, ListOffsetTimestamps.LATEST);
  const places = oldest.map((one) => ({ ...one, offset: committed.get(one.topic)?.[one.partition] ?? -1n }));
  const isThere = (one: Position, at: number) => one.offset >= oldest[at]!.offset && one.offset <= newest[at]!.offset;
  return places.every(isThere) ? places : undefined;
}

async function readEverything(mirror: Mirror, modplane: Modplane): Promise<void> {
  console.log("reads every organization");
  for await (const states of modplane.pages()) {
    for (const state of states) mirror.replace(state);
    await mirror.save();
  }
  await mirror.noteComplete();
  console.log("has read every organization");
}

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      url: { type: "string", default: "http://127.0.0.1:8000" },
      kafka: { type: "string", default: "127.0.0.1:9092" },
      group: { type: "string", default: "mirror-typescript" },
      directory: { type: "string", default: "mirror" },
    },
  });
  const mirror = await Mirror.load(options.directory);
  const modplane = new Modplane(options.url, process.env["MODPLANE_TOKEN"] ?? "");
  const consumer: Kafka = new Consumer({
    clientId: options.group,
    groupId: options.group,
    groupInstanceId: `${options.group}.1`, // static membership: a restart takes over at once
    bootstrapBrokers: options.kafka.split(","),
    autocommit: false,
    deserializers: stringDeserializers,
  });
  const oldest = await endsOf(consumer, ListOffsetTimestamps.EARLIEST);
  let start = (await mirror.isComplete()) ? await committedIn(consumer, oldest) : undefined;
  if (start === undefined) {
    // Everything that happened before the oldest event is part of this snapshot.
    await readEverything(mirror, modplane);
    start = oldest;
  }
  const stream = await consumer.consume({ topics: TOPICS, mode: "manual", offsets: start });
  const positions = new Map(start.map((one) => [`${one.topic}:${one.partition}`, one]));

  async function keep(): Promise<void> {
    for (;;) {
      const offsets = [...positions.values()];
      positions.clear();
      await mirror.save();
      // After the mirror is stored: after a crash in between the events are delivered again, and dropped.
      if (offsets.length > 0) await consumer.commit({ offsets });
      for (const organizationId of mirror.gaps()) {
        console.log(`reads ${organizationId}, of which events are missing`);
        mirror.replace(await modplane.modules(organizationId));
      }
      await sleep(SAVE_MS);
    }
  }

  async function follow(): Promise<void> {
    for await (const { topic, partition, offset, value } of stream) {
      mirror.receive(JSON.parse(value) as Event);
      positions.set(`${topic}:${partition}`, { topic, partition, offset: offset + 1n, leaderEpoch: -1 });
    }
  }

  await Promise.race([keep(), follow()]);
}

main().then(
  () => process.exit(1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
