import re,os
from pathlib import Path
os.chdir('/work/main')
for f,l in [('src/shared/commands/decision.py','from shared.commands.decision import Decider\n'),('src/shared/commands/postgres.py','from shared.commands.postgres import BURY\n'),('src/shared/postgres/listener.py','from shared.postgres.listener import CHANNEL\n')]:
    p=Path(f); p.write_text(p.read_text().replace(l,''))
p=Path('src/shared/commands/postgres.py'); s=p.read_text()
consts=re.findall(r'^(?:# .*\n)*[A-Z_]+ = (?:f?""".*?"""|"[^"\n]*"|\d+|\(.*?\)|\{.*?\})\n',s,re.M|re.S)
print([c.split(' =')[0][-40:] for c in consts])
sql=[c for c in consts if '"""' in c]
for c in sql: s=s.replace(c,'')
names=[re.search(r'^([A-Z_]+) =',c,re.M).group(1) for c in sql]
p.write_text(re.sub(r'^from shared.postgres.listener',f"from shared.commands.statements import {', '.join(names)}\nfrom shared.postgres.listener",s,1,re.M))
Path('src/shared/commands/statements.py').write_text('"""The SQL statements of the write path."""\n\n'+'\n'.join(sql))
Path('src/app/cli/__main__.py').write_text('"""`python -m app.cli`, for the processes that the command line and the tests start."""\n\nfrom app.cli.main import main\n\nmain()\n')
p=Path('src/app/manifest/current.py');
