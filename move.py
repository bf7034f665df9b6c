import ast, os, re, subprocess, sys
from pathlib import Path
ROOT=Path('/work/main'); os.chdir(ROOT)
M={}
def m(old,new): M[old]=new
S='shared.'; A='shared.adapters.'
for line in '''
bus commands.bus
consuming commands.consumer
processor commands.processor
deciding commands.decision
decider commands.decision
preview commands.dry_run
outcomes commands.outcome_waiter
transaction commands.transaction
dead_letters dead_letters.service
letter_trials dead_letters.redelivery
logged_events eventlog.model
event_tail eventlog.tail
relay outbox.relay
cache cache.generations
json_documents json.documents
json_schemas json.schemas
layered_config json.layered_config
schema_copy json.schema_copy
schema_dialects json.schema_dialects
schema_places json.schema_places
schema_ways json.schema_cost
pattern_engine json.pattern_engine
schema_patterns patterns.translation
pattern_syntax patterns.parser
pattern_items patterns.nodes
pattern_characters patterns.characters
text text.forms
emails text.emails
moments text.moments
metrics telemetry.metrics
tracing telemetry.tracing
'''.split('\n'):
    if line: a,b=line.split(); m(S+a,S+b)
for line in '''
journal commands.postgres
http_commands commands.http
meanwhile commands.conflict_details
dead_letters dead_letters.postgres
http_dead_letters dead_letters.http
event_query eventlog.query
event_pages eventlog.postgres
event_reading eventlog.reading
event_rows eventlog.rows
event_streams eventlog.sse
http_events eventlog.http
fact_log eventlog.audit_log
operations operations.postgres
operation_list operations.listing
http_operations operations.http
relay_queue outbox.postgres
cloud_events outbox.cloud_events
kafka kafka.broker
kafka_groups kafka.groups
redis cache.redis
redis_client cache.redis_client
redis_server cache.redis_server
long_lists lists.keyset
paging lists.cursors
cursor_key lists.cursor_key
words lists.text_search
postgres postgres.database
postgres_address postgres.address
postgres_outages postgres.outages
tables postgres.tables
listener postgres.listener
otel telemetry.otel
http http.requests
http_head http.head
http_metrics http.metrics
http_parameters http.parameters
problem_json http.problems
rate_limits http.rate_limits
hot_reads http.fast_path
request_log http.request_log
slow_bodies http.slow_bodies
streaming http.streaming
addresses http.addresses
command_operation http.command_route
'''.split('\n'):
    if line: a,b=line.split(); m(A+a,S+b)
m(A+'queues','app.status.queues'); m(A+'replicas','app.status.replicas')
m('app.sending','shared.commands.direct_sender')
for line in '''
answering output
apply manifest.apply
bulk_seams seams.bulk
catalogue cli.manifest_actions
cli_catalogue cli.manifest
changes manifest.diff
cli cli.main
cli_dead_letters cli.dead_letters
cli_options cli.options
letter_handling cli.dead_letter_actions
operating cli.container
status cli.status
named_admin cli.admin
connections server.connections
documents server.documents
ending server.shutdown
http_connection server.connection
server server.server
web server.web
drift status.drift
health status.health
heartbeat status.heartbeat
http_system status.http
readiness status.readiness
system status.wiring
system_document status.model
system_facts status.collect
system_queues status.queue_rules
system_servers status.server_rules
system_status status.rules
vitals status.gauges
export manifest.export
located manifest.parse
manifest manifest.model
manifest_files manifest.files
plan manifest.plan
registered manifest.current
seeding manifest.seeds
large_logs migration.event_log_upkeep
migrate migration.migrate
text_fill migration.text_fill
module_users seams.module_users
presence seams.current_state
seams seams.provider
signing_up seams.signup
'''.split('\n'):
    if line: a,b=line.split(); m('app.'+a,'app.'+b)
for f in Path('src/app/contract').glob('*.py'):
    m('app.contract' if f.stem=='__init__' else 'app.contract.'+f.stem, 'app.apidocs' if f.stem=='__init__' else 'app.apidocs.'+f.stem)
SYM={('shared.commands.processor','in_slices'):'shared.concurrency',('shared.commands.processor','by_few'):'shared.concurrency',
 ('shared.commands.decision','Work'):'shared.messages',('shared.commands.decision','STATE_SCHEMA'):'shared.messages',
 ('shared.messages','has_nul'):'shared.json.patches',('shared.messages','same_json'):'shared.json.patches',('shared.messages','merge_patch'):'shared.json.patches',('shared.messages','overlay'):'shared.json.patches',
 ('shared.commands.postgres','CHANNEL'):'shared.postgres.listener',('shared.dead_letters.postgres','BURY'):'shared.commands.postgres',
 ('shared.commands.consumer','EventHandler'):'shared.ports'}
SPECIAL_TESTS={'tests/shared/test_http_parameters.py':'tests/shared/http/test_parameters.py', 'tests/app/test_catalogue.py':'tests/app/cli/test_manifest_actions.py','tests/app/test_cli.py':'tests/app/cli/test_main.py',
 'tests/app/test_seeds.py':'tests/app/manifest/test_seeds.py','tests/shared/adapters/conftest.py':'tests/shared/conftest.py',
 'tests/shared/test_errors_http.py':'tests/shared/http/test_problems.py','tests/shared/test_http_bodies.py':'tests/shared/http/test_requests.py',
 'tests/shared/adapters/test_event_names.py':'tests/shared/eventlog/test_event_names.py','tests/shared/adapters/test_letters.py':'tests/shared/dead_letters/test_redelivery.py',
 'tests/shared/relaying.py':'tests/shared/outbox/relaying.py','tests/shared/toy.py':'tests/shared/toy.py','tests/app/contract/__init__.py':'tests/app/apidocs/__init__.py',
 'tests/shared/adapters/__init__.py':None,'tests/app/contract/test_linters.py':'tests/app/apidocs/test_linters.py','tests/shared/test_text.py':'tests/shared/text/test_forms.py'}
def path(mod,root='src'): return f"{root}/{mod.replace('.','/')}.py"
FILES={}   # old path -> new path
for o,n in M.items():
    if o=='app.contract': FILES['src/app/contract/__init__.py']='src/app/apidocs/__init__.py'
    else: FILES[path(o)]=path(n)
del FILES['src/shared/decider.py']
for o,n in M.items():
    d,_,b=o.rpartition('.'); t=f"tests/{d.replace('.','/')}/test_{b}.py"
    d2,_,b2=n.rpartition('.')
    if Path(t).exists() and t not in SPECIAL_TESTS: FILES[t]=f"tests/{d2.replace('.','/')}/test_{b2}.py"
for o,n in SPECIAL_TESTS.items():
    if n and o!=n: FILES[o]=n
# module map incl. tests
MOD=dict(M)
for o,n in FILES.items():
    if o.startswith('tests/'):
        MOD[o[:-3].replace('/','.').removesuffix('.__init__')]=n[:-3].replace('/','.').removesuffix('.__init__')
MOD['tests.shared.adapters']='tests.shared'  # conftest package
if __name__=='__main__':
    made=set()
    for o,n in FILES.items():
        Path(n).parent.mkdir(parents=True,exist_ok=True)
        # stepping stone for module->package of same name
    # move to temp names first
    tmp={}
    for i,(o,n) in enumerate(FILES.items()):
        t=f'{o}.mv{i}'; subprocess.check_call(['git','mv',o,t]); tmp[t]=n
    for t,n in tmp.items():
        Path(n).parent.mkdir(parents=True,exist_ok=True)
        assert not Path(n).exists(),n
        subprocess.check_call(['git','mv',t,n])
    DOC=dict(
     commands='How a command becomes events, once.',operations='What became of commands.',outbox='How committed events reach Kafka.',eventlog='The event log, read back.',
     dead_letters='Commands and events that could not be processed.',cache='Cache-aside with generations, on Redis.',lists='Lists of any length, in pages.',json='JSON documents and schemas that people bring.',
     patterns='Regular expressions of ECMA-262, translated for an engine that runs in linear time.',text='Text that people type, in one form.',telemetry='Metrics and traces.',postgres='The database.',
     kafka='The broker.',http='HTTP, once for all contexts.')
    for k,v in DOC.items():
        p=Path(f'src/shared/{k}/__init__.py'); p.write_text(f'"""{v}"""\n')
    for k,v in dict(cli='The command line `modplane`.',manifest='Modules and industries as files.',status='The state of the system.',server='The HTTP server process.',seams='The only place that names two contexts.',migration='Schema and topics, brought up to date.').items():
        Path(f'src/app/{k}/__init__.py').write_text(f'"""{v}"""\n')
    for d in {str(Path(n).parent) for n in FILES.values() if n.startswith('tests/')}:
        p=Path(d)/'__init__.py'
        if not p.exists(): p.write_text('')
    subprocess.call('git rm -q --cached src/shared/adapters/__init__.py tests/shared/adapters/__init__.py; rm -rf src/shared/adapters tests/shared/adapters src/app/contract tests/app/contract',shell=True)
    # rewrite imports
    pys=[p for r in ('src','tests','bench','examples','scripts','migrations') for p in Path(r).rglob('*.py') if 'node_modules' not in p.parts]
    rev={n:o for o,n in FILES.items()}
    PK={k.rpartition('.')[0] for k in MOD}
    report=[]
    for p in pys:
        src=p.read_text(); tree=ast.parse(src); lines=src.splitlines(keepends=True)
        edits=[]
        for node in ast.walk(tree):
            if isinstance(node,ast.ImportFrom) and node.module and node.level==0:
                mod=node.module; new=[]
                for a in node.names:
                    full=f'{mod}.{a.name}'
                    if full in MOD:
                        d,_,b=MOD[full].rpartition('.')
                        asn=a.asname or (a.name if a.name!=b else None)
                        new.append((d,b,asn)); 
                    else:
                        t=MOD.get(mod,mod); t=SYM.get((t,a.name),t)
                        new.append((t,a.name,a.asname))
                groups={}
                for t,nme,asn in new: groups.setdefault(t,[]).append(nme+(f' as {asn}' if asn and asn!=nme else ''))
                if list(groups)!=[mod] or any((f'{mod}.{a.name}' in MOD) for a in node.names):
                    ind=' '*node.col_offset
                    txt='\n'.join(f"{ind}from {t} import {', '.join(ns)}" for t,ns in groups.items())
                    # keep trailing comment
                    tail=lines[node.end_lineno-1][node.end_col_offset:].rstrip('\n')
                    edits.append((node.lineno,node.end_lineno,txt+tail+'\n'))
            elif isinstance(node,ast.Import):
                if any(a.name in MOD for a in node.names): report.append((str(p),node.lineno,lines[node.lineno-1].strip()))
        for s,e,t in sorted(edits,reverse=True): lines[s-1:e]=[t]
        out=''.join(lines)
        # strings: shared.adapters.x and app.x dotted in quotes
        def rep(mt):
            return MOD.get(mt.group(0),mt.group(0))
        amb=sorted((k for k in MOD if k.startswith(('shared.adapters.','app.contract','tests.'))),key=len,reverse=True)
        pat=re.compile(r'(?<![\w.])('+'|'.join(map(re.escape,amb))+r')(?![\w])')
        out2=[]
        for ln in out.splitlines(keepends=True):
            if re.match(r'\s*(from|import) ',ln): out2.append(ln)
            else: out2.append(pat.sub(rep,ln))
        out=''.join(out2)
        # parents depth
        o=rev.get(str(p))
        if o:
            delta=str(p).count('/')-o.count('/')
            if delta and '__file__' in out:
                def dep(mt): return f'parents[{int(mt.group(1))+delta}]'
                before=out
                out='\n'.join(re.sub(r'parents\[(\d+)\]',dep,l) if '__file__' in l else l for l in out.split('\n'))
                report.append((str(p),0,'__file__ depth %+d'%delta+(' (fixed)' if before!=out else ' CHECK')))
        if out!=src: p.write_text(out)
        for i,ln in enumerate(out.splitlines(),1):
            if re.search(r'["\'`](app|shared)\.[a-z_]+(\.[a-z_]+)*',ln) and not re.match(r'\s*(from|import) ',ln): report.append((str(p),i,ln.strip()[:140]))
    # docs and others: paths and dotted
    PATHS={}
    for o,n in FILES.items():
        PATHS[o]=n
        if o.startswith('src/'): PATHS[o[4:]]=n[4:]
    PATHS['src/shared/decider.py']='src/shared/commands/decision.py'; PATHS['shared/decider.py']='shared/commands/decision.py'
    ppat=re.compile(r'(?<![\w/])('+'|'.join(map(re.escape,sorted(PATHS,key=len,reverse=True)))+r')(?!\w)')
    dkeys=[k for k in MOD if not k.startswith('tests.') ]
    dpat=re.compile(r'(?<![\w.])('+'|'.join(map(re.escape,sorted(dkeys,key=len,reverse=True)))+r')(?![\w])')
    others=subprocess.check_output(['git','ls-files','*.md','*.toml','*.yaml','*.yml','Makefile','Dockerfile','*.sh','package.json','*/package.json','*.mjs'],text=True).split()
    for f in others+[str(p) for p in pys]:
        p=Path(f)
        if not p.exists(): continue
        s=p.read_text(); t=ppat.sub(lambda x:PATHS[x.group(1)],s)
        if t!=s: p.write_text(t)
        if not f.endswith('.py'):
            for i,ln in enumerate(t.splitlines(),1):
                if dpat.search(ln): report.append((f,i,'DOTTED '+ln.strip()[:150]))
    for r in report: print(*r)
