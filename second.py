import re,sys,os,subprocess
sys.path.insert(0,'/tmp/mv')
from pathlib import Path
import move
os.chdir('/work/main')
MOD=dict(move.M)
# symbols used in docs module:Symbol
keys=sorted(MOD,key=len,reverse=True)
def sub(text,allow):
    pat=re.compile(r'(?<![\w.])('+'|'.join(re.escape(k) for k in keys if allow(k))+r')(?![\w])')
    return pat.sub(lambda m: MOD[m.group(1)],text)
for f in ['docs/plan-map.md','pyproject.toml','Dockerfile','Makefile','docs/decisions/0025-text-is-compared-in-forms-of-our-own.md']:
    p=Path(f); s=p.read_text()
    if f=='Makefile': s=s.replace('app.contract','app.apidocs')
    else:
        s=sub(s,lambda k: True)
    p.write_text(s)
for f in ['src/app/service.py','src/app/settings.py','src/app/cli/dead_letters.py','src/app/cli/main.py','src/app/cli/manifest.py','src/app/cli/options.py','src/app/apidocs/problems.py','tests/app/cli/test_main.py','tests/app/cli/test_manifest_actions.py','tests/app/migration/test_event_log_upkeep.py','tests/app/migration/test_migrate.py','tests/ports/test_suites.py','tests/docs/test_follow_one_write.py','tests/architecture/test_rooms.py','tests/architecture/test_contracts_bite.py','tests/observability/test_tracing.py','src/shared/lists/text_search.py']:
    p=Path(f); out=[]
    for l in p.read_text().splitlines(keepends=True):
        if not re.match(r'\s*(from|import) ',l) and '"-m"' not in l:
            l=re.sub(r'(["`])((?:app|shared)\.[a-z_]+)((?:\.\w+)*)(["`])',lambda m: m.group(0) if m.group(2)=='app.cli' and 0 else m.group(1)+(MOD.get(m.group(2),m.group(2)))+m.group(3)+m.group(4),l)
        out.append(l)
    p.write_text(''.join(out))
