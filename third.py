import re,os,subprocess
from pathlib import Path
os.chdir('/work/main/src/shared')
def R(f): return Path(f).read_text()
def W(f,s): Path(f).write_text(s)
def cut(f,start,end=None):
    """remove text from first match of start to before end; return it"""
    s=R(f); i=s.index(start); j=s.index(end,i) if end else len(s)
    W(f,s[:i]+s[j:]); return s[i:j]
def imp(f,line):
    s=R(f); m=re.search(r'^(from|import) ',s,re.M); W(f,s[:m.start()]+line+'\n'+s[m.start():])
# concurrency
p='commands/processor.py'
a=cut(p,'async def in_slices','async def by_few')
b=cut(p,'async def by_few','def without_repetitions')
s=R(p).replace('SLICE_SECONDS = 0.005\nLONGEST_REST_SECONDS = 0.01\n',''); W(p,s)
W('concurrency.py','"""Long work in the event loop, in slices."""\n\nimport asyncio\nimport time\nfrom collections.abc import AsyncIterator, Iterable, Sequence\nfrom typing import Any\n\nSLICE_SECONDS = 0.005\nLONGEST_REST_SECONDS = 0.01\n\n\n'+a+b.rstrip()+'\n')
imp(p,'from shared.concurrency import in_slices')
# messages: Work, STATE_SCHEMA; patches
pt=cut('messages.py','def has_nul')
W('json/patches.py','"""JSON values: equality, patches and layers."""\n\nfrom typing import Any\n\nimport msgspec\n\n\n'+pt.rstrip()+'\n')
imp('messages.py','from shared.json.patches import same_json')
w=cut('commands/decision.py','class Work(','class Head(')
s=R('messages.py'); i=s.index('def event_id('); W('messages.py',s[:i]+w+s[i:])
# decider -> decision
d=R('decider.py')
body=d[d.index('def changed_state'):]
s=R('commands/decision.py')
i=s.index('class CommandExpired')
s=s[:i]+s[i:]
j=s.index('def attempt(')
s=s[:j]+body.rstrip()+'\n\n\n'+s[j:]
s=s.replace('import hashlib\nfrom collections.abc import Sequence\nfrom datetime','import hashlib\nfrom collections.abc import Awaitable, Callable, Mapping, Sequence\nfrom dataclasses import dataclass\nfrom datetime').replace('from typing import Any\n\nimport msgspec\n','from functools import cached_property\nfrom typing import Any\n\nimport msgspec\nfrom msgspec import Struct\n',1)
W('commands/decision.py',s)
imp('commands/decision.py','from shared.messages import Difference, Decision, Work, changed_fields\nfrom shared.ports import Transaction, WriteSide')
subprocess.call(['git','rm','-qf','decider.py'])
s=R('messages.py'); W('messages.py',s.replace('COMMAND_SCHEMA =','STATE_SCHEMA = 1\nCOMMAND_SCHEMA =',1)); assert 'STATE_SCHEMA' in R('messages.py')
# EventHandler
s=R('commands/consumer.py'); m=re.search(r'^EventHandler = .*\n(""".*?"""\n)?',s,re.M|re.S); m=re.search(r'^EventHandler = .*\n',s,re.M); W('commands/consumer.py',s.replace(m.group(0),''))
s=R('ports.py'); W('ports.py',s.rstrip()+'\n\n\n'+m.group(0))
imp('commands/consumer.py','from shared.ports import EventHandler\nfrom shared.concurrency import in_slices')
# BURY
s=R('dead_letters/postgres.py'); m=re.search(r'^BURY = """.*?"""\n',s,re.M|re.S); W('dead_letters/postgres.py',s.replace(m.group(0),''))
s=R('commands/postgres.py'); i=s.index('class StateFromTheFuture'); W('commands/postgres.py',s[:i]+m.group(0)+'\n\n'+s[i:])
# CHANNEL
s=R('commands/postgres.py'); m=re.search(r'^CHANNEL = .*\n',s,re.M); print(m.group(0)); W('commands/postgres.py',s.replace(m.group(0),''))
s=R('postgres/listener.py'); i=re.search(r'^[A-Z_]+ = |^class |^log = ',s,re.M).start(); W('postgres/listener.py',s[:i]+m.group(0)+s[i:])
imp('commands/postgres.py','from shared.postgres.listener import CHANNEL')
