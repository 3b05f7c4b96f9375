"""What deploy/try shows. Run by it, first with this machine's network, then without:

	try.py prepare WORK PACKAGES        builds the packages, if PACKAGES is empty; makes the base and the mirror
	try.py show WORK PACKAGES CGROUP    boots, provisions, checks; in namespaces of its own
"""

import concurrent.futures
import glob
import http.client
import itertools
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import hosts
from hosts import Failure, run, wait_until, write

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DEPLOY = f"{TOP}/deploy"
sys.path.append(f"{TOP}/tests/integration")
from refused import ORIGIN, REFUSED  # pylint: disable=wrong-import-position

BRIDGE = "192.168.56.1"
WEB, WEB2, DATABASE, BALANCER = "192.168.56.51", "192.168.56.52", "192.168.56.54", "192.168.56.50"
CLIENT, STRANGER = "192.168.56.10", "192.168.56.60"
EXPRESS = [{"id": 15, "device_name": "express"}]
CHECKS = []


def check(function):
    """A check is a function whose first line of documentation says what must be true."""
    CHECKS.append(function)
    function.beside = False
    return function


def beside(function):
    """A check that may run at the same time as its neighbours that are such, too."""
    function.beside = True
    return function


def must(condition, text):
    if not condition:
        raise Failure(str(text))


class Inventory:
    """The machines and settings that the playbook is given."""

    def __init__(self, stage):
        self.stage = stage
        self.web, self.database = {"web": WEB, "web2": WEB2}, {"database": DATABASE}
        self.balancer = {"balancer": BALANCER}
        self.users = {"database": "debian"}     # one by sudo, the others as root
        self.settings = {"mirror_url": f"http://{BRIDGE}", "mirror_suites": "bookworm",
                         "mirror_key": f"{stage.work}/mirror.asc",
                         # this machine is shared by all
                         "database_memory": "{{ machine_megabytes | int // 8 }}", "at_a_time": "100%"}

    def text(self):
        lines = []
        for group in ("web", "database", "balancer"):
            lines.append(f"[{group}_machines]")
            lines += [f"{name} ansible_host={address} ansible_user={self.users.get(name, 'root')}"
                      for name, address in getattr(self, group).items()]
        return "\n".join(lines) + "\n"


def base_folder(work):
    return os.environ.get("BASE") or f"{work}/base"


def packages_folder(work, given):
    return given or f"{work}/packages"


def prepare(work, packages):
    """Building waits for the compiler and the base for its downloads, so that one fits beside the other."""
    began = time.monotonic()
    base = base_folder(work)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        running = []
        if not packages:
            running.append(pool.submit(run, f"{DEPLOY}/build-packages", packages_folder(work, packages), timeout=900, env={
                **os.environ, "TMPDIR": work, "DEB_BUILD_OPTIONS": "nocheck noautodbgsym", "DEB_BUILD_PROFILES": "nocheck"}))
        if not os.path.exists(f"{base}/etc/sudoers.d/debian"):
            running.append(pool.submit(hosts.make_base, base, work))
        for step in running:
            step.result()
    based = time.monotonic()
    hosts.make_mirror(f"{work}/mirror", base, packages_folder(work, packages), work)
    say(f"packages and base {based - began:.0f} s, mirror {time.monotonic() - based:.0f} s")


class Stage:
    def __init__(self, work, packages, cgroup):
        self.work, self.packages, self.cgroup = work, packages_folder(work, packages), cgroup
        self.hosts, self.plays = {}, itertools.count(1)
        self.lost = False
        self.log = open(f"{work}/log", "a", encoding="utf-8")

    def set_up(self):
        began = time.monotonic()
        hosts.make_bridge(BRIDGE)
        hosts.serve(f"{self.work}/mirror", BRIDGE, self.log)
        for name, address in (("client", CLIENT), ("stranger", STRANGER)):
            hosts.make_namespace(name, address)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{self.work}/key")
        for name, address in (("web", WEB), ("database", DATABASE), ("web2", WEB2), ("balancer", BALANCER)):
            host = self.hosts[name] = hosts.Host(name, address, base_folder(self.work), self.work, self.cgroup)
            with open(f"{self.work}/key.pub", encoding="utf-8") as key:
                host.allow(key.read())
        write(f"{self.work}/known_hosts", "".join(host.known_host() for host in self.hosts.values()))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(hosts.Host.start, self.hosts.values()))
        self.inventory = Inventory(self)
        say(f"machines {time.monotonic() - began:.0f} s")

    def play(self, *arguments, inventory=None, **settings):
        """site.yml on an inventory: its status and what it printed."""
        inventory = inventory or self.inventory
        folder = f"{self.work}/play-{next(self.plays)}"
        write(f"{folder}/hosts", inventory.text())
        write(f"{folder}/settings.json", json.dumps({**inventory.settings, **settings}))
        environment = {
            "PATH": os.environ["PATH"], "HOME": self.work, "LC_ALL": "C.UTF-8", "ANSIBLE_HOME": f"{self.work}/ansible",
            "ANSIBLE_LOG_PATH": f"{folder}/log", "ANSIBLE_PRIVATE_KEY_FILE": f"{self.work}/key",
            "ANSIBLE_SSH_COMMON_ARGS": f"-o UserKnownHostsFile={self.work}/known_hosts -o ConnectTimeout=10"}
        done = subprocess.run(
            ["ansible-playbook", "-i", f"{folder}/hosts", "-e", f"@{folder}/settings.json", *arguments, "site.yml"],
            cwd=DEPLOY, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=600, check=False)
        write(f"{folder}/output", done.stdout)
        return done.returncode, done.stdout

    def apply(self, *arguments, **settings):
        """The playbook, which must succeed; what it says that it did, as a map of hosts to lines."""
        status, output = self.play(*arguments, **settings)
        must(status == 0, f"the playbook failed: {failures(output)}")
        done = {}
        for host, told in re.findall(r"^ok: \[(\S+)\] => (\{$.*?^\})", output, re.M | re.S):
            done.setdefault(host, []).extend(json.loads(told)["msg"])
        return done

    def refused(self, sentence, inventory=None, **settings):
        """The playbook must stop with this, and must have changed nothing."""
        status, output = self.play(inventory=inventory, **settings)
        must(status != 0, "the playbook went through")
        must(re.search(sentence, output.replace("\\\"", '"')), f"not said: {sentence}; but: {failures(output)}")
        must("changed: [" not in output and not re.search(r"changed=[1-9]", output), f"something changed: {output}")


def failures(output):
    lines = [line for line in output.splitlines() if re.search(r"fatal:|failed:|ERROR|UNREACHABLE", line)]
    return "; ".join(lines)[-3000:] or output[-3000:]


def say(text):
    print(text, flush=True)


### Asking

def ask(address, target="/devices?id=eq.15", name="client", timeout=15, scheme="http", words=()):
    """What curl in a namespace gets: status and body; status 0 when there is no answer."""
    output = run("ip", "netns", "exec", name, "curl", "-sS", "-m", timeout, "-w", "\n%{http_code}", *words,
                 f"{scheme}://{address}{target}", check=False, timeout=timeout + 10)
    body, _, status = output.rpartition("\n")
    return int(status or 0), body


def send(address, data, port=80):
    """The first answer to these bytes, from the bridge's own address: status, headers and body."""
    with socket.create_connection((address, port), 20) as connection:
        connection.sendall(data)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.headers, answer.read().decode()


def request(method, target="/devices?id=eq.15", body=b"", version="1.1", **fields):
    """A request; _ in the names of fields stands for -, and None leaves one out."""
    fields = {"Host": "test", "Connection": "close", "Content_Length": str(len(body)), **fields}
    lines = [f"{method} {target} HTTP/{version}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def must_refuse(address, data, status, code, port=80):
    """An answer of nginx itself, in the dialect; it."""
    answer = send(address, data, port)
    must(answer[0] == status and answer[1]["Content-Type"] == "application/json"
         and answer[1]["Proxy-Status"] == f"swm; error={code}", f"{address}: {answer[0]} {answer[1]} {answer[2]}")
    error = json.loads(answer[2])
    must(list(error) == ["code", "details", "hint", "message"] and error["code"] == code, error)
    must((status == 503) == ("Retry-After" in answer[1]), answer[1])
    return answer


def must_answer(address):
    status, body = ask(address)
    must(status == 200 and json.loads(body) == EXPRESS, f"{address} answered {status}: {body}")


def answers(address):
    status, body = ask(address, timeout=3)
    return status == 200 and json.loads(body) == EXPRESS


def psql(stage, name, uri, sql="SELECT 1"):
    """psql in a machine's network, with the CA that the web machine has: its output."""
    return run("ip", "netns", "exec", name, "psql", "-XAtq", f"{uri} connect_timeout=2", "-c", sql, check=False,
               env={"PATH": os.environ["PATH"], "HOME": stage.work, "LC_ALL": "C.UTF-8"})


def uri(stage, **other):
    """The connection string of the web machine, with something else in it; None leaves a word out."""
    with open(f"{stage.hosts['web'].root}/etc/swm/credentials/db-uri", encoding="utf-8") as file:
        words = dict(word.split("=", 1) for word in file.read().split())
    words["sslrootcert"] = f"{stage.hosts['web'].root}/etc/swm/database-ca.crt"
    words.update(other)
    return " ".join(f"{name}={value}" for name, value in words.items() if value is not None)


def sql(stage, text):
    """What the superuser on the database machine gets."""
    return stage.hosts["database"]("runuser", "-u", "postgres", "--", "psql", "-XAtq", "-d", "swm", "-c", text,
                                   cwd="/").strip()


def main_pid(host, unit):
    return host("systemctl", "show", "-P", "MainPID", unit).strip()


class Load:
    """Clients that ask again and again until told to stop, 30 s at most; every answer is kept.

    It runs in this process, whose network is the bridge's own."""

    CLIENTS = 4

    def __init__(self, address):
        self.address, self.over, self.answers = address, threading.Event(), []

    def one(self, number):
        end = time.monotonic() + 30
        while not self.over.is_set() and time.monotonic() < end:
            key = 1 + number % 51
            number += 1
            began = time.monotonic()
            try:
                with urllib.request.urlopen(f"http://{self.address}/devices?id=eq.{key}&select=id", timeout=20) as answer:
                    status, body = answer.status, answer.read()
            except urllib.error.HTTPError as error:
                status, body = error.code, error.read()
            except OSError as error:
                status, body = 0, str(error).encode()
            self.answers.append((began, time.monotonic(), status, body.decode(), key))
            self.over.wait(0.01)

    def __enter__(self):
        self.pool = concurrent.futures.ThreadPoolExecutor(self.CLIENTS)
        self.running = [self.pool.submit(self.one, number * 13) for number in range(self.CLIENTS)]
        wait_until("the load runs", lambda: len(self.answers) > 20)
        return self

    def __exit__(self, *_):
        self.over.set()
        self.pool.shutdown()
        for client in self.running:
            client.result()

    def wrong(self):
        """Answers that say something that is not so."""
        return [answer for answer in self.answers if answer[2] == 200 and json.loads(answer[3]) != [{"id": answer[4]}]]

    def statuses(self):
        return sorted({answer[2] for answer in self.answers})


### Bad input: the playbook stops before it changes anything

@beside
@check
def no_web_machines(stage):
    """an inventory without web machines is refused"""
    inventory = Inventory(stage)
    inventory.web = {}
    stage.refused("The inventory names no web machine; add one under", inventory)


@beside
@check
def no_address(stage):
    """an address that is no address is refused"""
    inventory = Inventory(stage)
    inventory.web = {"web": "192.168.56.510"}
    stage.refused('"192.168.56.510" is no IPv4 address; correct ansible_host', inventory)


@beside
@check
def wrong_certificate(stage):
    """a certificate that does not match its key is refused"""
    make_certificate(stage, "one")
    make_certificate(stage, "two")
    stage.refused("does not belong to the key .*two.key; give a valid pair",
                  certificate=f"{stage.work}/one.crt", certificate_key=f"{stage.work}/two.key")


@beside
@check
def no_vault_password(stage):
    """a vault whose password is missing is refused"""
    write(f"{stage.work}/vault-password", "not for long\n")
    write(f"{stage.work}/secrets.yml", "jwt_secret: 0123456789abcdef0123456789abcdef\n")
    run("ansible-vault", "encrypt", "--vault-password-file", f"{stage.work}/vault-password", f"{stage.work}/secrets.yml",
        env={"PATH": os.environ["PATH"], "HOME": stage.work, "LC_ALL": "C.UTF-8"})
    stage.refused("secrets.yml cannot be decrypted; give its password with --ask-vault-pass",
                  secrets_file=f"{stage.work}/secrets.yml")


@beside
@check
def another_system(stage):
    """a machine that is no Debian 12 is refused"""
    web = stage.hosts["web"]
    web.shell("cp -a --remove-destination /usr/lib/os-release /etc/os-release; "
              "sed -i 's/12/11/;s/bookworm/bullseye/' /etc/os-release")
    try:
        stage.refused("web runs Debian GNU/Linux 11.*; install Debian 12 on it, or take it out of the inventory")
    finally:
        web.shell("ln -sf ../usr/lib/os-release /etc/os-release")


@beside
@check
def vagrantfile(stage):
    """vagrant validates the Vagrantfile, which has the inventory's machines"""
    output = run("vagrant", "validate", "--ignore-provider", cwd=DEPLOY, env={
        "PATH": os.environ["PATH"], "HOME": stage.work, "LC_ALL": "C.UTF-8", "VAGRANT_CHECKPOINT_DISABLE": "1",
        "VAGRANT_DOTFILE_PATH": f"{stage.work}/vagrant"})
    must("Vagrantfile validated successfully." in output, output)
    with open(f"{DEPLOY}/Vagrantfile", encoding="utf-8") as file:
        named = set(re.findall(r"'(\w+)' => \{ address: '([0-9.]+)'", file.read()))
    with open(f"{DEPLOY}/hosts", encoding="utf-8") as file:
        must(named == set(re.findall(r"^(\w+) ansible_host=(\S+)$", file.read(), re.M)), named)


@beside
@check
def packages(stage):
    """lintian has no error and no warning to tell of the packages"""
    changes = glob.glob(f"{stage.packages}/swm_*.changes")
    must(len(changes) == 1, f"{stage.packages} must have one .changes file: {changes}")
    output = run("lintian", "--allow-root", "--profile", "debian", "--fail-on", "error,warning", *changes)
    must(not re.search(r"^[EW]: ", output, re.M), output)


### From nothing to machines that answer

@check
def provisioned(stage):
    """one command provisions the machines"""
    stage.apply()


@check
def second_run(stage):
    """the second run changes nothing"""
    status, output = stage.play()
    must(status == 0, failures(output))
    recap = re.findall(r"^(\S+) +: ok=\d+ +changed=(\d+)", output, re.M)
    must(len(recap) == 5 and all(changed == "0" for _, changed in recap), recap)
    must("changed: [" not in output, output)


@beside
@check
def the_row(stage):
    """a client asks the web machine, or the balancer, and gets the row of the device"""
    for address in (WEB, WEB2, BALANCER):
        must_answer(address)


@beside
@check
def the_rows(stage):
    """a client gets all rows of the table"""
    status, body = ask(WEB, "/devices?order=id")
    must(status == 200 and [row["id"] for row in json.loads(body)] == list(range(1, 52)), f"{status}: {body}")


@beside
@check
def only_source(stage):
    """the signed mirror is the machines' only package source"""
    for name in ("web", "database"):
        sites = stage.hosts[name]("apt-get", "indextargets", "--format", "$(SITE)").splitlines()
        must(set(sites) == {f"http://{BRIDGE}"}, sites)
        must("Signed-By" in stage.hosts[name]("cat", "/etc/apt/sources.list.d/swm-mirror.sources"), "not signed")
        trusted = stage.hosts[name].shell("grep -riE 'trusted *[=:] *yes|allowunauthenticated|allowinsecure' /etc/apt", check=False)
        must(not trusted, trusted)


@check
def listens_there(stage):
    """PostgreSQL listens on its address, and nowhere else"""
    listening = stage.hosts["database"]("ss", "-Hltn").split("\n")
    must([line.split()[3] for line in listening if ":5432" in line] == [f"{DATABASE}:5432"], listening)


@beside
@check
def web_ports(stage):
    """the web machine's firewall opens 80 and 22 alone"""
    web = stage.hosts["web"]
    listener = subprocess.Popen(["nsenter", "-t", str(web.leader), "-a", "/usr/bin/python3", "-m", "http.server", "8081"],
                                stdin=subprocess.DEVNULL, stdout=stage.log, stderr=stage.log)
    try:
        wait_until("a server on 8081", lambda: ask("127.0.0.1:8081", "/", "web")[0] == 200)
        status, body = ask(f"{WEB}:8081", "/", timeout=2)
        must(status == 0 and "timed out" in body.lower(), f"{status}: {body}")
    finally:
        web.shell("pkill -f 'http.server 8081'", check=False)
        listener.wait(10)
    open_ports = sorted(int(port) for port in re.findall(r"tcp dport (\d+) accept", web("nft", "list", "ruleset")))
    must(open_ports == [22, 80], open_ports)


@beside
@check
def memory_fits(stage):
    """PostgreSQL's memory is set from the machine's size"""
    with open("/proc/meminfo", encoding="ascii") as file:
        megabytes = int(re.search(r"MemTotal: *(\d+) kB", file.read())[1]) // 1024 // 8
    buffers = sql(stage, "SELECT setting::bigint * 8 / 1024 FROM pg_settings WHERE name = 'shared_buffers'")
    must(buffers == str(max(megabytes // 4, 32)), f"{buffers} MB of {megabytes}")


@beside
@check
def refused(stage):
    """what nginx refuses is refused in the dialect, by the web machine and by the balancer"""
    for address in (WEB, BALANCER):
        for what, (data, status, code) in REFUSED.items():
            try:
                answer = must_refuse(address, data, status, code)
            except (Failure, OSError) as failure:
                raise Failure(f"{what}: {failure}") from failure
            must(answer[1]["Access-Control-Allow-Origin"] == "*", f"{what}: {answer[1]}")


@beside
@check
def many_connections(stage):
    """nginx has room for a thousand requests at once"""
    for name in ("web", "balancer"):
        host = stage.hosts[name]
        must("worker_connections 4096;" in host("nginx", "-T"), "nginx.conf")
        worker = host("pgrep", "-n", "-P", main_pid(host, "nginx")).strip()
        limits = host("cat", f"/proc/{worker}/limits")
        must(re.search(r"^Max open files +8192 ", limits, re.M), limits)


@beside
@check
def no_sign_in(stage):
    """without sign_in there is no way to sign in"""
    status, _, body = send(WEB, login("ada", "correct horse"))
    must(status == 404 and json.loads(body)["code"] == "PGRST202", f"{status}: {body}")


def login(name, password, **fields):
    return request("POST", "/rpc/login", json.dumps({"name": name, "password": password}).encode(),
                   Content_Type="application/json", **fields)


### Who may ask the database

@beside
@check
def stranger_firewall(stage):
    """a third machine is refused by the firewall"""
    output = psql(stage, "stranger", uri(stage, sslmode="require", sslrootcert=None))
    must("timeout expired" in output or "timed out" in output.lower(), output)


@check
def stranger_hba(stage):
    """a third machine is refused by pg_hba.conf, were the firewall open"""
    database = stage.hosts["database"]
    database("nft", "insert", "rule", "inet", "filter", "input", "ip", "saddr", STRANGER, "accept")
    try:
        output = psql(stage, "stranger", uri(stage))
    finally:
        database("systemctl", "reload", "nftables")
    must(f'no pg_hba.conf entry for host "{STRANGER}"' in output, output)


@check
def tls(stage):
    """the connections of swm-fcgi are TLS 1.3"""
    must_answer(WEB)
    seen = sql(stage, "SELECT DISTINCT ssl, version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                      "WHERE usename = 'swm_authenticator'")
    must(seen == "t|TLSv1.3", seen)
    output = psql(stage, "web", uri(stage, ssl_max_protocol_version="TLSv1.2"))
    must("protocol version" in output, output)


@check
def verified(stage):
    """the database's certificate is verified: its authority and its address"""
    must("sslmode=verify-full" in uri(stage) and psql(stage, "web", uri(stage)).strip() == "1", psql(stage, "web", uri(stage)))
    make_certificate(stage, "other-authority")
    output = psql(stage, "web", uri(stage, sslrootcert=f"{stage.work}/other-authority.crt"))
    must("certificate verify failed" in output, output)
    output = psql(stage, "web", uri(stage, host="impostor", hostaddr=DATABASE))
    must('does not match host name "impostor"' in output, output)


@check
def wrong_password(stage):
    """a wrong password is refused"""
    output = psql(stage, "web", uri(stage, password="wrong"))
    must('password authentication failed for user "swm_authenticator"' in output, output)


@check
def wrong_database(stage):
    """another database, and another user, is refused"""
    for other in ({"dbname": "postgres"}, {"user": "postgres"}):
        output = psql(stage, "web", uri(stage, **other))
        must("no pg_hba.conf entry" in output, output)


@check
def no_tls(stage):
    """a connection without TLS is refused"""
    output = psql(stage, "web", uri(stage, sslmode="disable", sslrootcert=None))
    must("no pg_hba.conf entry" in output and "no encryption" in output, output)


@check
def nothing_itself(stage):
    """the login role may do nothing itself"""
    output = psql(stage, "web", uri(stage), "SELECT * FROM swm.devices")
    must("permission denied" in output, output)


@check
def secret_is_secret(stage):
    """the password is root's alone, and in no log"""
    web, database = stage.hosts["web"], stage.hosts["database"]
    secret = database("cat", "/etc/swm/secrets/database_password").strip()
    must(len(secret) == 64, len(secret))
    must(web("stat", "-c", "%U %a", "/etc/swm/credentials", "/etc/swm/credentials/db-uri") == "root 700\nroot 600\n", "mode")
    must(database("stat", "-c", "%U %a", "/etc/swm/secrets", "/etc/swm/secrets/database_password")
         == "root 700\nroot 600\n", "mode")
    for host in (web, database):
        must(secret not in host("journalctl", "--no-pager"), f"the journal of {host.name}")
        found = host.shell("grep -rlF -f - /etc /var/log /tmp /run /home /root /proc/[0-9]*/cmdline 2>/dev/null",
                           input=secret, check=False)
        must(set(found.split()) <= {"/etc/swm/credentials/db-uri", "/etc/swm/secrets/database_password",
                                    "/run/credentials/swm-fcgi.service/db-uri"}, found)
    for name in glob.glob(f"{stage.work}/play-*/output"):
        with open(name, encoding="utf-8") as output:
            must(secret not in output.read(), f"the output of a run, {name}")


### Killed, rebooted, restarted

@check
def after_kill(stage):
    """swm-fcgi, nginx and PostgreSQL are back after SIGKILL"""
    for name, unit in (("web", "swm-fcgi.service"), ("web", "nginx.service"), ("database", "postgresql@15-main.service")):
        host = stage.hosts[name]
        pid = main_pid(host, unit)
        must(pid != "0", f"{unit} does not run")
        host("kill", "-KILL", pid)
        wait_until(f"{unit} is back", lambda: main_pid(host, unit) not in ("0", pid) and answers(WEB), 20)


@check
def after_reboot_web(stage):
    """the service is back after a reboot of the web machine"""
    stage.hosts["web"].reboot()
    wait_until("the web machine answers", lambda: answers(WEB), 20)
    must("policy drop" in stage.hosts["web"]("nft", "list", "ruleset"), "no firewall")


@check
def after_reboot_database(stage):
    """the service is back after a reboot of the database machine"""
    stage.hosts["database"].reboot()
    wait_until("the web machine answers", lambda: answers(WEB), 20)
    output = psql(stage, "stranger", uri(stage, sslmode="require", sslrootcert=None))
    must("timeout expired" in output or "timed out" in output.lower(), output)


@check
def database_restart(stage):
    """the database restarted under load: no wrong answer, and the first request afterwards is right"""
    with Load(WEB) as load:
        stage.hosts["database"]("systemctl", "restart", "postgresql@15-main")
        back = time.monotonic()
        must_answer(WEB)
        count = len(load.answers)
        wait_until("the load goes on", lambda: len(load.answers) > count + 40)
    must(not load.wrong(), load.wrong()[:3])
    must(set(load.statuses()) <= {200, 503}, [answer for answer in load.answers if answer[2] not in (200, 503)][:3])
    late = [answer for answer in load.answers if answer[0] > back and answer[2] != 200]
    must(not late, f"{len(late)} failed that began afterwards: {late[:3]}")


@check
def idle_restart(stage):
    """the database restarted while nobody asks: the first request afterwards is right"""
    must_answer(WEB)
    stage.hosts["database"]("systemctl", "restart", "postgresql@15-main")
    must_answer(WEB)


### Two web machines behind a balancer

@beside
@check
def old_clients(stage):
    """a request by HTTP/1.0 that names no host goes through the balancer"""
    status, _, body = send(BALANCER, request("GET", version="1.0", Host=None))
    must(status == 200 and json.loads(body) == EXPRESS, f"{status}: {body}")


@beside
@check
def large_body_of_a_stranger(stage):
    """the balancer sends a large body on as it comes: of nobody's nothing is read"""
    head = request("POST", "/devices", Content_Length="300000000", Content_Type="application/json")
    status, headers, body = send(BALANCER, head + b"x" * 100000)
    must(status == 401 and "WWW-Authenticate" in headers and json.loads(body)["code"] == "PGRST302", f"{status}: {body}")


@check
def who_asks(stage):
    """behind the balancer a web machine knows the client, and believes no client's own word"""
    def logged(address, name):
        for host in ("web", "web2"):
            stage.hosts[host].shell(": >/var/log/nginx/access.log")
        status, body = ask(address, name=name, words=["-H", "X-Forwarded-For: 192.168.56.99", "-H", "X-Real-IP: 192.168.56.98"])
        must(status == 200, f"{status}: {body}")
        return stage.hosts["web"].shell("cat /var/log/nginx/access.log") + stage.hosts["web2"].shell("cat /var/log/nginx/access.log")
    for address in (BALANCER, WEB):
        for name, client in (("client", CLIENT), ("stranger", STRANGER)):
            line = wait_until("a line of the log", lambda: logged(address, name))
            must(line.startswith(f"{client} "), line)


@check
def nobody_behind(stage):
    """without a web machine the balancer says that anything may be sent again"""
    for name in ("web", "web2"):
        stage.hosts[name]("systemctl", "stop", "nginx")
    try:
        for method in ("GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"):
            _, headers, body = must_refuse(BALANCER, request(method, Origin=ORIGIN), 503, "PGRST000")
            must(json.loads(body)["message"] == "The web machines cannot be reached.", body)
            must(headers["Access-Control-Allow-Origin"] == "*", headers)
        status, headers, body = send(BALANCER, request("OPTIONS", Origin=ORIGIN, Access_Control_Request_Method="POST"))
        must(status == 200 and "DELETE" in ", ".join(headers.get_all("Access-Control-Allow-Methods")), f"{status} {headers}")
    finally:
        for name in ("web", "web2"):
            stage.hosts[name]("systemctl", "start", "nginx")
    wait_until("the balancer answers", lambda: answers(BALANCER), 20)


# It takes each request, keeps its method, and hangs up.
HANGS_UP = """
import socket
listener = socket.create_server(("", 80))
print("ready", flush=True)
while True:
    with listener.accept()[0] as connection:
        print(connection.recv(65536).split(b" ")[0].decode(), flush=True)
"""


@check
def lost_behind(stage):
    """a write that a web machine has got is sent once, and the balancer says that its outcome is not known"""
    balancer, site = stage.hosts["balancer"], "/etc/nginx/sites-available/swm"
    # each request finds both machines as they are
    balancer.shell(f"cp {site} /root/site && sed -i 's/max_fails=1/max_fails=0/' {site} && systemctl restart nginx")
    programs = []
    try:
        for name in ("web", "web2"):
            host = stage.hosts[name]
            host("systemctl", "stop", "nginx")
            programs.append(subprocess.Popen(["nsenter", "-t", str(host.leader), "-a", "/usr/bin/python3", "-c", HANGS_UP],
                                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True))
            must(programs[-1].stdout.readline() == "ready\n", "the program that hangs up")
        for method in ("POST", "PATCH", "PUT", "DELETE"):
            _, _, body = must_refuse(BALANCER, request(method, body=b"{}"), 502, "SWM001")
            must("Idempotency-Key" in json.loads(body)["hint"], body)
        must_refuse(BALANCER, request("GET"), 503, "PGRST000")
    finally:
        balancer.shell(f"cp /root/site {site} && systemctl restart nginx")
        for name in ("web", "web2"):
            stage.hosts[name]("pkill", "-f", "create_server", check=False)
            stage.hosts[name]("systemctl", "start", "nginx")
    got = sorted(line for program in programs for line in program.communicate()[0].split())
    must(got == ["DELETE", "GET", "GET", "PATCH", "POST", "PUT"], got)
    wait_until("the balancer answers", lambda: answers(BALANCER), 20)


@check
def one_dies(stage):
    """two web machines behind the balancer go on when one dies, and share again when it is back"""
    with Load(BALANCER) as load:
        stage.hosts["web2"].die()
        count = len(load.answers)
        wait_until("the load goes on", lambda: len(load.answers) > count + 100)
    must(not load.wrong(), load.wrong()[:3])
    must(load.statuses() == [200], [answer for answer in load.answers if answer[2] != 200][:3])
    slowest = max(answer[1] - answer[0] for answer in load.answers)
    # what was sent and never acknowledged is given up after 63 times 0.2 s: tcp_retries2 = 5 of the role balancer
    must(slowest < 16, f"one took {slowest:.1f} s")
    stage.hosts["web2"].revive()

    def shares():
        must_answer(BALANCER)
        return stage.hosts["web2"].shell("cat /var/log/nginx/access.log", check=False)
    stage.hosts["web2"].shell(": >/var/log/nginx/access.log")
    wait_until("the second web machine gets requests", shares, 20)


### A changed setting

@check
def sign_in(stage):
    """with sign_in people who were added as doc/OPERATING.md says sign in, and nothing is restarted for it"""
    before = main_pid(stage.hosts["web"], "swm-fcgi")
    stage.inventory.settings.update(sign_in=True)
    done = stage.apply("--tags", "database,web")
    web = ["/etc/swm/schema", "swm-fcgi has read the schema"]
    must(done == {"database": ["roles, tables, privileges", "the key of swm.login"], "web": web, "web2": web}, done)
    stage.hosts["database"]("bash", "-ec", operating_commands()["sign in"], input="ada\ncorrect horse\n")
    wait_until("swm.login is known", lambda: send(WEB, request("OPTIONS", "/rpc/login"))[0] == 200, 10)
    status, _, body = send(WEB, login("ada", "correct horse"))
    must(status == 200, f"{status}: {body}")
    bearer = "Bearer " + json.loads(body)["token"]
    for address in (WEB, WEB2, BALANCER):
        status, _, body = send(address, request("GET", Authorization=bearer))
        must(status == 200 and json.loads(body) == EXPRESS, f"{address}: {status}: {body}")
        status = send(address, request("GET", Authorization=bearer[:-2]))[0]
        must(status == 401, f"{address}: {status} for another signature")
    must(send(WEB, login("ada", "wrong horse"))[0] in (400, 401, 403), "a wrong password")
    must(main_pid(stage.hosts["web"], "swm-fcgi") == before, "swm-fcgi was started again")


@check
def guessing(stage):
    """who guesses passwords through the balancer is told to wait, whoever else it says it is; others are not"""
    def guess(name, other):
        words = ["-H", f"X-Forwarded-For: {other}", "-H", "Content-Type: application/json",
                 "-d", '{"name":"ada","password":"wrong horse"}']
        return ask(BALANCER, "/rpc/login", name, words=words)
    for number in range(20):
        status, body = guess("client", f"192.168.56.{100 + number}")
        if status == 429:
            break
    must(status == 429 and json.loads(body)["code"] == "SWM008", f"{status}: {body}")
    must(5 <= number <= 10, f"after {number} guesses")
    status, body = guess("stranger", CLIENT)
    must(status not in (0, 429, 500, 502, 503), f"{status}: {body}")
    # the web machines count for themselves, by the client that the balancer names
    with_address = ["-H", f"X-Forwarded-For: {CLIENT}"]
    must(ask(WEB, "/rpc/login", "stranger", words=with_address)[0] != 429, "a stranger is kept out of the web machine")


@check
def settings(stage):
    """changed settings apply, and restart only what needs it; who leaves the inventory may no longer ask"""
    web = stage.hosts["web"]
    started = sql(stage, "SELECT pg_postmaster_start_time()")
    before = main_pid(web, "nginx"), main_pid(web, "swm-fcgi")
    del stage.inventory.web["web2"]
    stage.inventory.settings.update(database_settings={"work_mem": "7MB"}, web_settings={
        "db-max-rows": 3, "server-cors-allowed-origins": "https://app.example, " + ORIGIN}, nginx_connections=5000)
    done = stage.apply("--tags", "database,web,balancer")

    must(sql(stage, "SHOW work_mem") == "7MB", sql(stage, "SHOW work_mem"))
    must(sql(stage, "SELECT pg_postmaster_start_time()") == started, f"PostgreSQL was restarted: {done}")

    must(done["web"] == ["/etc/swm/swm.conf", "swm-fcgi was started", "/etc/nginx/nginx.conf",
                         "/etc/nginx/sites-available/swm", "nginx has read its files"], done)
    must(done["balancer"] == done["web"][2:], done)
    after = main_pid(web, "nginx"), main_pid(web, "swm-fcgi")
    must(before[0] == after[0] and before[1] != after[1], (before, after))
    status, body = ask(WEB, "/devices")
    must(status == 200 and len(json.loads(body)) == 3, f"{status}: {body}")

    output = psql(stage, "web2", uri(stage))
    must("timeout expired" in output or "timed out" in output.lower(), output)
    must(sql(stage, f"SELECT count(*) FROM pg_stat_activity WHERE client_addr = '{WEB2}'") == "0", "its connections")
    must_answer(BALANCER)


@check
def origins(stage):
    """the origins that may ask are those of the setting, for what nginx answers too"""
    for address in (WEB, BALANCER):
        for origin, allowed in (("https://app.example", True), (ORIGIN, True), ("https://evil.example", False)):
            def pages():
                return [send(address, request(method, Origin=origin))[1]["Access-Control-Allow-Origin"] for method in ("GET", "TRACE")]
            # the workers that were there before the reload may take a connection yet
            wait_until(f"{origin} at {address}", lambda: pages() == [origin if allowed else None] * 2, 10)


@check
def setting_restart(stage):
    """a setting that needs a restart gets it, even if an earlier run was cut short before it

    The same run brings what the checks behind this one look for: a certificate for the site,
    newer packages from a folder, and a database whose certificate will end soon."""
    database = stage.hosts["database"]
    # what a run leaves that ends between the file and the restart
    database.shell("echo \"max_connections = '111'\" >>/etc/postgresql/15/main/conf.d/swm.conf; "
                   "systemctl reload postgresql@15-main")
    make_certificate(stage, "site", f"IP:{WEB},IP:{BALANCER}")
    shorten_certificate(database)
    hosts.newer_packages(f"{stage.work}/mirror/pool", f"{stage.work}/newer", "+newer")
    stage.inventory.settings.update(
        database_settings={"max_connections": 111, "work_mem": "7MB"}, web_settings={}, upgrade=True,
        swm_packages=f"{stage.work}/newer", certificate=f"{stage.work}/site.crt", certificate_key=f"{stage.work}/site.key")
    stage.fcgi = main_pid(stage.hosts["web"], "swm-fcgi")
    done = stage.apply("--tags", "database,web,balancer")
    must("PostgreSQL was started again for max_connections" in done["database"], done)
    must(sql(stage, "SHOW max_connections") == "111", sql(stage, "SHOW max_connections"))
    must_answer(WEB)


@check
def site_certificate(stage):
    """with a certificate the site answers on port 443, too"""
    context = ssl.create_default_context(cafile=f"{stage.work}/site.crt")
    for address in (WEB, BALANCER):
        with urllib.request.urlopen(f"https://{address}/devices?id=eq.15", timeout=10, context=context) as answer:
            must(json.load(answer) == EXPRESS, f"the answer of {address} on 443")
        # without TLS there, and what nginx refuses by HTTP/2
        must_refuse(address, request("GET"), 400, "PGRST100", port=443)
        status, body = ask(f"{address}:443", "/", scheme="https", words=["--http2", "-k", "-X", "TRACE"])
        must(status == 405 and json.loads(body)["code"] == "PGRST117", f"{address}: {status}: {body}")


@check
def upgraded(stage):
    """newer packages from a folder are installed, and run"""
    web = stage.hosts["web"]
    for host, names in ((web, ("libswm0", "swm-fcgi", "swm-web")), (stage.hosts["database"], ("swm-sql",))):
        versions = host("dpkg-query", "-W", "-f=${Version}\n", *names).split()
        must(all(version.endswith("+newer") for version in versions), versions)
    must(main_pid(web, "swm-fcgi") not in ("0", stage.fcgi), "swm-fcgi was not started again")


@check
def certificate_renewed(stage):
    """the database's certificate is renewed before its end, and served"""
    output = run("ip", "netns", "exec", "web", "openssl", "s_client", "-starttls", "postgres", "-connect", f"{DATABASE}:5432",
                 "-verify_ip", DATABASE, "-verify_return_error", "-CAfile", f"{stage.hosts['web'].root}/etc/swm/database-ca.crt")
    served = re.search("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", output, re.S)
    must(served, output)
    run("openssl", "x509", "-noout", "-checkend", 700 * 86400, input=served[0])


def shorten_certificate(database):
    """As if 770 of its 800 days had gone by."""
    database.shell("""set -e
        cd /etc/postgresql/15/main
        openssl x509 -x509toreq -in server.crt -signkey server.key >/root/request
        echo "subjectAltName=IP:%s" >/root/extensions
        openssl x509 -req -in /root/request -CA /etc/swm/secrets/ca.crt -CAkey /etc/swm/secrets/ca.key -set_serial 1 -days 30 \
            -extfile /root/extensions >/root/certificate
        cat /root/certificate >server.crt""" % DATABASE)


### Backup

@check
def backup(stage):
    """a dump restores to the same rows, roles' rights and answers"""
    database = stage.hosts["database"]
    commands = operating_commands()
    before = contents(stage)
    database("sh", "-ec", commands["backup"])
    sql(stage, "DELETE FROM swm.consumption WHERE device_id = 15; UPDATE swm.devices SET device_name = 'gone' WHERE id = 15; "
               "DROP INDEX swm.consumption_device_id_date_unit_key; REVOKE ALL ON swm.devices FROM swm_anon")
    must(contents(stage) != before, "nothing was changed")
    database("sh", "-ec", commands["restore"])
    must(contents(stage) == before, "the contents differ")
    must_answer(WEB)


def operating_commands():
    """The commands of doc/OPERATING.md, the first ones under a heading."""
    with open(f"{TOP}/doc/OPERATING.md", encoding="utf-8") as file:
        text = file.read()
    commands = {}
    for name, head in (("backup", r"\*\*Backup\*\*"), ("restore", r"\*\*Restore\*\*"), ("sign in", "## Signing in")):
        part = re.search(rf"^{head}.*?\n\n((?:\t[^\n]*\n)+)", text, re.M | re.S)
        must(part, f"doc/OPERATING.md has no {name}")
        commands[name] = re.sub(r"^\t", "", part[1], flags=re.M)
    return commands


def contents(stage):
    """Everything in the database, as text in a fixed order."""
    rows = [sql(stage, f"SELECT md5(string_agg(t::text, E'\\n' ORDER BY t.id)) FROM swm.{table} AS t")
            for table in ("devices", "consumption")]
    schema = stage.hosts["database"]("runuser", "-u", "postgres", "--", "pg_dump", "--schema-only", "swm", cwd="/")
    return rows, re.sub(r"(?m)^\\(un)?restrict .*\n", "", schema)


def make_certificate(stage, name, alternative="DNS:localhost"):
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", f"/CN={name}", "-addext", f"subjectAltName={alternative}",
        "-keyout", f"{stage.work}/{name}.key", "-out", f"{stage.work}/{name}.crt")


### Running

def logs(stage):
    """What helps to understand a failure."""
    for host in stage.hosts.values():
        if host.wanted:
            text = host.shell("journalctl --no-pager -n 30 -u swm-fcgi -u nginx -u 'postgresql*'; "
                              "tail -n 10 /var/log/postgresql/*.log /var/log/nginx/error.log", check=False)
            say(f"--- {host.name}\n{text}")


def judge(stage, function):
    """Runs a check: passed, failed or skipped, and the line that says so."""
    began = time.monotonic()
    outcome, reason = "passed", ""
    if stage.lost:
        outcome, reason = "skipped", ": the machines were not provisioned"
    else:
        try:
            function(stage)
        except Exception as failure:  # any is a failed check
            outcome, reason = "failed", f": {type(failure).__name__}: {failure}"
            stage.lost = function is provisioned
    word = {"passed": "ok  ", "failed": "FAIL", "skipped": "skip"}[outcome]
    what = function.__doc__.split("\n", maxsplit=1)[0]
    return outcome, f"{word} {what} ({time.monotonic() - began:.1f} s){reason}"


def show(work, packages, cgroup):
    stage = Stage(work, packages, cgroup)
    count = {"passed": 0, "failed": 0, "skipped": 0}
    stage.set_up()
    wanted = os.environ.get("ONLY", "")
    checks = [function for function in CHECKS if function is provisioned or re.search(wanted, function.__name__)]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for beside_others, functions in itertools.groupby(checks, lambda function: function.beside):
            for outcome, line in (pool.map if beside_others else map)(lambda function: judge(stage, function), functions):
                count[outcome] += 1
                say(line)
    if count["failed"]:
        logs(stage)
    if os.environ.get("KEEP"):
        shutil.copytree(stage.work, os.environ["KEEP"], dirs_exist_ok=True,
                        ignore=lambda folder, names: [name for name in names if name in ("hosts", "base", "mirror", "gnupg", ".ansible")])
    say(", ".join(f"{number} {name}" for name, number in count.items()))
    return 1 if count["failed"] else 0


def main():
    try:
        return {"prepare": prepare, "show": show}[sys.argv[1]](*sys.argv[2:])
    except Failure as failure:
        say(f"FAIL the machines: {failure}")
        say("0 passed, 1 failed, 0 skipped")
        return 1


sys.exit(main())
