import sys,re,os,subprocess
sys.path.insert(0,'/tmp/mv'); import move; os.chdir('/work/main')
from pathlib import Path
P={}
for o,n in move.FILES.items(): P[o]=n
P['src/shared/decider.py']='src/shared/commands/decision.py'
pat=re.compile(r'(?<=\.\./)('+'|'.join(map(re.escape,sorted(P,key=len,reverse=True)))+')')
for f in subprocess.check_output(['git','ls-files','*.md'],text=True).split():
    p=Path(f); s=p.read_text(); t=pat.sub(lambda m:P[m.group(1)],s)
    if t!=s: p.write_text(t)
def r(f,a,b):
    p=Path(f); s=p.read_text(); assert a in s,(f,a); p.write_text(s.replace(a,b))
r('src/app/settings.py','shared.cache.generations.redis_client','shared.cache.redis_client')
r('tests/app/server/test_server.py','from app.connections','from app.server.connections')
r('tests/architecture/test_rooms.py','shared.bus','shared.commands.bus')
r('tests/shared/json/test_schemas.py','from shared.json_schemas import','from shared.json.schemas import')
r('tests/app/cli/test_main.py','"import app.cli, sys;','"import app.cli.main, sys;')
