"""What the service counts about itself, in the default Prometheus registry. No label takes what callers write."""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LONG_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

COMMANDS_SENT = Counter("modplane_commands_sent_total", "Commands sent, by the way they went.", ["context", "path"])
COMMANDS_DECIDED = Counter("modplane_commands_decided_total", "Commands decided here.", ["context", "status"])
COMMAND_SECONDS = Histogram(
    "modplane_command_seconds", "From sending a command to its outcome.", ["context", "path"], buckets=SECONDS
)
STAGE_SECONDS = Histogram(
    "modplane_command_stage_seconds",
    "A command's, or its batch's, time on one stage.",
    ["context", "stage"],
    buckets=SECONDS,
)
BATCH_SIZE = Histogram(
    "modplane_batch_commands", "Commands decided in one transaction.", ["context"], buckets=(1, 2, 5, 10, 50, 100, 500)
)
BATCH_SECONDS = Histogram("modplane_batch_seconds", "One transaction of the write path.", ["context"])
WAITING = Gauge("modplane_operations_waiting", "Operations whose outcome a request of this process waits for.")
PENDING = Gauge("modplane_operations_pending", "Operations that were answered 202 and are not decided yet.")
PENDING_AGE = Gauge("modplane_operations_oldest_pending_seconds", "How long the oldest of them has been waiting.")

CONSUMER_LAG = Gauge(
    "modplane_consumer_lag_records", "Records not committed yet of this process's partitions.", ["group", "topic"]
)
RELAYED = Counter("modplane_events_relayed_total", "Events the relay put on their topics.")
EVENT_SECONDS = Histogram(
    "modplane_event_seconds", "From deciding an event to its being on its topic.", buckets=LONG_SECONDS
)
RELAY_LEADER = Gauge("modplane_relay_leader", "1 while this process is the relay's leader.")
RELAY_DEPTH = Gauge("modplane_relay_depth_events", "Events that wait for the relay, those of blocked keys too.")
RELAY_AGE = Gauge("modplane_relay_oldest_event_seconds", "Age of the oldest event that waits and is not blocked.")
DEAD_LETTERS = Counter("modplane_dead_letters_total", "Messages set aside.", ["kind"])
OPEN_LETTERS = Gauge("modplane_dead_letters_open", "Dead letters nobody has dealt with.", ["kind"])

CACHE_READS = Counter("modplane_cache_reads_total", "Cached reads by result.", ["result"])

PART_UP = Gauge("modplane_part_up", "1 while the part answers this process.", ["part"])
WRITES_ACCEPTED = Gauge("modplane_database_accepts_writes", "0 while the database refuses this process's writes.")
CONNECTIONS = Gauge("modplane_database_connections", "Sessions of this process's pools.", ["pool", "state"])
CONNECTIONS_LIMIT = Gauge("modplane_database_connections_limit", "The most sessions a pool may have.", ["pool"])
LOOP_DELAY = Histogram(
    "modplane_event_loop_delay_seconds", "How late the event loop comes to what is due.", buckets=SECONDS
)

for letter_kind in ("command", "event", "relay"):
    # From the start, so that the first one is an increase.
    DEAD_LETTERS.labels(kind=letter_kind)
    OPEN_LETTERS.labels(kind=letter_kind)
HTTP_CONNECTIONS = Gauge("modplane_http_connections", "Connections from callers, by what they are at.", ["state"])
HTTP_CONNECTIONS_LIMIT = Gauge("modplane_http_connections_limit", "The most connections this process takes.")
HTTP_CONNECTIONS_CLOSED = Counter(
    "modplane_http_connections_closed_total", "Connections that were refused or ended by the service.", ["reason"]
)
EVENT_STREAMS = Gauge("modplane_event_streams", "Open streams of events.")
EVENT_STREAMS_CUT = Counter("modplane_event_streams_cut_total", "Streams ended because their reader was too slow.")
