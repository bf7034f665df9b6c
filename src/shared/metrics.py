"""What the service counts about itself, in the default Prometheus registry."""

from prometheus_client import Counter, Gauge, Histogram

COMMANDS_SENT = Counter("modplane_commands_sent_total", "Commands sent, by the way they went.", ["context", "path"])
COMMANDS_DECIDED = Counter("modplane_commands_decided_total", "Commands decided here.", ["context", "status"])
BATCH_SIZE = Histogram(
    "modplane_batch_commands", "Commands decided in one transaction.", ["context"], buckets=(1, 2, 5, 10, 50, 100, 500)
)
BATCH_SECONDS = Histogram("modplane_batch_seconds", "One transaction of the write path.", ["context"])
RELAYED = Counter("modplane_events_relayed_total", "Events the relay put on their topics.")
RELAY_LEADER = Gauge("modplane_relay_leader", "1 while this process is the relay's leader.")
DEAD_LETTERS = Counter("modplane_dead_letters_total", "Messages set aside.", ["kind"])
CACHE_READS = Counter("modplane_cache_reads_total", "Cached reads by result.", ["result"])
