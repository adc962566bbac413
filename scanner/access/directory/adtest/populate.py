"""Fills the directory of a domain controller that does not run yet, in one
transaction: populate.py SMBCONF EXTRA_PEOPLE PASSWORD OUT.json"""
import json
import random
import sys

import ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_pack, ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB

conf, extra, password, out = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
lp = LoadParm()
lp.load(conf)
db = SamDB(lp=lp, session_info=system_session())
base = str(db.get_default_basedn())
rnd = random.Random(7)
GLOBAL, LOCAL, UNIVERSAL, MAIL = -2147483646, -2147483644, -2147483640, 2
dns = {}


def add(name, ou, attrs):
    dns[name] = f'CN={name},OU={ou},{top}'
    db.add({'dn': dns[name], 'sAMAccountName': name, **attrs})


def user(name, log_on=True, control=512, **attrs):
    if log_on:
        attrs['unicodePwd'] = f'"{password}"'.encode('utf-16-le')
    else:
        control |= 32
    add(name, 'People', {'objectClass': 'user', 'userPrincipalName': f'{name}@lab.test', 'userAccountControl': str(control), **attrs})


def group(name, kind, members=()):
    attrs = {'objectClass': 'group', 'groupType': str(kind)}
    if members:
        attrs['member'] = [dns[m] for m in members]
    add(name, 'Groups', attrs)


def change(dn, flag, **attrs):
    m = ldb.Message(ldb.Dn(db, dn))
    for k, v in attrs.items():
        m[k] = ldb.MessageElement(v, flag, k)
    db.modify(m)


def sid_of(dn):
    return str(ndr_unpack(security.dom_sid, db.search(dn, scope=ldb.SCOPE_BASE, attrs=['objectSid'])[0]['objectSid'][0]))


db.transaction_start()
top = 'OU=Kommune,' + base
db.add({'dn': top, 'objectClass': 'organizationalUnit'})
for o in ('People', 'Groups'):
    db.add({'dn': f'OU={o},{top}', 'objectClass': 'organizationalUnit'})

# the names that Kerberos clients ask for, which samba_dnsupdate would register
dc = db.search(base, expression='(userAccountControl:1.2.840.113556.1.4.803:=8192)', attrs=['dNSHostName'])[0]
host = str(dc['dNSHostName'][0])
change(str(dc.dn), ldb.FLAG_MOD_ADD, servicePrincipalName=[f'ldap/{host}', f'ldap/{host}/lab.test'])

people = [f'u{i:02d}' for i in range(24)]
for u in people:
    user(u)
departments = ['Skat', 'Social', 'Sundhed', 'Skole', 'HR', 'IT']
for k, d in enumerate(departments):
    group('G-' + d, GLOBAL, people[k::6])
group('U-Velfaerd', UNIVERSAL, ['G-Social', 'G-Sundhed'])
group('U-Stab', UNIVERSAL, ['G-HR', 'G-IT'])
group('U-Alle', UNIVERSAL, ['U-Velfaerd', 'U-Stab', 'G-Skat', 'G-Skole'])
group('DL-Sager', LOCAL, ['U-Velfaerd'])
group('DL-Personale', LOCAL, ['U-Stab', 'u03'])
group('DL-Alt', LOCAL, ['U-Alle'])
group('DL-Dyb', LOCAL, ['DL-Alt'])
group('G-Ring1', GLOBAL, ['u20'])
group('G-Ring2', GLOBAL, ['G-Ring1', 'u21'])
change(dns['G-Ring1'], ldb.FLAG_MOD_ADD, member=[dns['G-Ring2']])
group('G-Tom', GLOBAL)
group('Mail-Liste', MAIL, ['u05', 'u06'])
group('G-Vikar', GLOBAL, ['u07', 'u08'])
group('DL-Vikar', LOCAL, ['G-Vikar'])
rid = sid_of(dns['G-Vikar']).rsplit('-', 1)[1]
for u in ('u07', 'u08'):
    change(dns[u], ldb.FLAG_MOD_REPLACE, primaryGroupID=rid)
# a contact and someone of a domain that nobody here knows
db.add({'dn': 'CN=Kontakt,' + top, 'objectClass': 'contact'})
foreign = 'S-1-5-21-90-90-90-1234'
group('DL-Fremmed', LOCAL, ['u09'])
change(dns['DL-Fremmed'], ldb.FLAG_MOD_ADD, member=[f'<SID={foreign}>'])
change(dns['G-HR'], ldb.FLAG_MOD_ADD, member=['CN=Kontakt,' + top])
# who cannot log on
user('off1', control=514)
user('off2', control=514)
user('old1', accountExpires='130000000000000000')
change(dns['G-Social'], ldb.FLAG_MOD_ADD, member=[dns['off1'], dns['off2'], dns['old1']])
# special rights
user('backup')
change(f'CN=Backup Operators,CN=Builtin,{base}', ldb.FLAG_MOD_ADD, member=[dns['backup']])
user('chief')
change(f'CN=Domain Admins,CN=Users,{base}', ldb.FLAG_MOD_ADD, member=[dns['chief']])
user('scanner')
# a former SID, as a migration leaves it
user('moved')
m = ldb.Message(ldb.Dn(db, dns['moved']))
m['sIDHistory'] = ldb.MessageElement([ndr_pack(security.dom_sid('S-1-5-21-70-70-70-7001'))], ldb.FLAG_MOD_ADD, 'sIDHistory')
db.modify(m, ['relax:0'])

crowd = []
for i in range(extra):
    user(f'e{i:06d}', log_on=False, control=514 if rnd.random() < 0.07 else 512)
    crowd.append(f'e{i:06d}')
teams = []
for k in range(extra // 20):
    teams.append(f'T{k:05d}')
    group(teams[-1], GLOBAL, rnd.sample(crowd, min(len(crowd), rnd.randint(3, 40))))
for k in range(len(teams) // 5):
    group(f'E{k:05d}', UNIVERSAL, rnd.sample(teams, min(len(teams), rnd.randint(2, 8))))
if crowd:
    group('G-Alle', GLOBAL, crowd)
db.transaction_commit()

sids = {n: sid_of(d) for n, d in dns.items()}
json.dump({'sid': str(db.get_domain_sid()), 'base': base, 'sids': sids}, open(out, 'w'))
