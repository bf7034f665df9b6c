import sys,re,os,subprocess
sys.path.insert(0,'/tmp/mv'); import move; os.chdir('/work/main')
from pathlib import Path
new=set(move.M.values()); 
keys=[k for k in move.M if k not in ('shared.dead_letters','app.cli','app.manifest','app.status','app.server','app.seams','shared.text')]
pat=re.compile(r'(?<![\w./])('+'|'.join(map(re.escape,sorted(keys,key=len,reverse=True)))+r')\b')
news=sorted(new,key=len,reverse=True)
for f in subprocess.check_output(['git','ls-files'],text=True).split():
    if f.startswith(('web/','clients/','schemas/')) and not f.endswith('.py'): continue
    p=Path(f)
    if not p.exists(): continue
    try: s=p.read_text()
    except: continue
    for i,l in enumerate(s.splitlines(),1):
        for m in pat.finditer(l):
            rest=l[m.start():]
            if any(rest.startswith(n) for n in news) and 'generations.redis' not in l: continue
            if re.match(r'shared\.(cache|relay|preview)\b',rest) and re.match(r'shared\.(cache)\.(generations|redis)',rest) and 'generations.redis' not in l: continue
            print(f,i,l.strip()[:160])
        if 'generations.redis' in l: print('DOUBLE',f,i)
