"""The OCI image: what it is, and that it serves, as one container and as compose.yaml has it."""
import filecmp
import glob
import json
import os
import re
import shutil
import subprocess
import threading
import unittest
import urllib.error
import urllib.request

import yaml

import containers

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORK = os.environ["SWM_IMAGE_WORK"]
URL = "http://127.0.0.1:8080/"
DEVICE_15 = b'[{"id":15,"device_name":"express"}]'
WWW_DATA = 33
# PostgreSQL's own image as an OCI layout; without it the suite's own cluster stands for it.
POSTGRES_IMAGE = os.environ.get("POSTGRES_IMAGE")
PSQL = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", WORK + "/sockets", "-U", "postgres"]


def psql(sql, database="swm"):
    done = subprocess.run([*PSQL, "-d", database, "-c", sql],
                          check=True, capture_output=True, text=True)
    return done.stdout.strip()


def get(target, body=None, **headers):
    """(status, body); the status is 0 when nobody listens."""
    headers = {name.replace("_", "-"): text for name, text in headers.items()}
    asked = urllib.request.Request(URL + target, body, headers)
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except urllib.error.URLError:
        return 0, b""


def processes(name):
    """The numbers of the living processes of that name here, in containers too."""
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8") as file:
                number, called, state = re.match(r"(\d+) \((.*)\) (\S)", file.read()).groups()
        except OSError:
            continue
        if called == name and state != "Z":
            found.append(int(number))
    return found


class Compose:
    """compose.yaml in a copy of the part of the checkout that it names, with its secrets."""

    def __init__(self):
        self.folder = os.path.join(WORK, "checkout", "deploy", "image")
        shutil.copytree(os.path.join(CHECKOUT, "sql"), os.path.join(WORK, "checkout", "sql"))
        shutil.copytree(os.path.join(CHECKOUT, "deploy", "image"), self.folder,
                        ignore=shutil.ignore_patterns("secrets"))
        subprocess.run([os.path.join(self.folder, "make-secrets")], check=True)
        with open(os.path.join(self.folder, "compose.yaml"), encoding="utf-8") as file:
            self.text = file.read()
        self.content = yaml.safe_load(self.text)
        self.services = self.content["services"]
        self.volumes = {}

    def secret(self, name):
        with open(self.secret_path(name), encoding="utf-8") as file:
            return file.read()

    def secret_path(self, name):
        return os.path.join(self.folder, self.content["secrets"][name]["file"])

    def volume(self, name):
        """A named volume: a folder that is the image's user's, as the one in the image is."""
        if name not in self.volumes:
            self.volumes[name] = os.path.join(WORK, "volume-" + name)
            os.mkdir(self.volumes[name], 0o755)
            os.chown(self.volumes[name], WWW_DATA, WWW_DATA)
        return self.volumes[name]

    def mounts(self, service):
        found = []
        for line in self.services[service].get("volumes", []):
            outside, inside, *options = line.split(":")
            if outside.startswith("."):
                outside = os.path.join(self.folder, outside)
            else:
                outside = self.volume(outside)
            found.append((os.path.normpath(outside), inside, "ro" in options))
        for name in self.services[service].get("secrets", []):
            found.append((os.path.normpath(self.secret_path(name)), "/run/secrets/" + name, True))
        return found

    def environment(self, service):
        """As compose fills it in when nothing is set."""
        return {name: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value)
                for name, value in self.services[service].get("environment", {}).items()}

    def run_outside(self, service):
        """A service of PostgreSQL's image, which is not here: its command by our programs."""
        places = {inside: outside for outside, inside, _ in self.mounts(service)}
        places["/run/secrets"] = os.path.join(self.folder, "secrets")
        words = [places.get(word, word) for word in self.services[service]["command"]]
        environment = {**os.environ, **self.environment(service), "PGHOST": "127.0.0.1"}
        subprocess.run(words, check=True, env=environment, timeout=120)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if hasattr(Case, "image"):
            return
        Case.image = containers.Image(WORK + "/image/swm", WORK + "/bundle")
        Case.compose = Compose()
        with open(os.path.join(WORK, "hosts"), "w", encoding="utf-8") as file:
            file.write("127.0.0.1 localhost database\n")
        Case.database = []
        if POSTGRES_IMAGE:
            cls.start_database()
        else:
            psql("CREATE DATABASE swm", "postgres")
            password = Case.compose.secret("database-password")
            psql("ALTER ROLE postgres PASSWORD '%s'" % password, "postgres")
            Case.compose.run_outside("schema")
        # answers when nobody holds the lock any more
        psql("CREATE FUNCTION swm.wait() RETURNS text STABLE LANGUAGE plpgsql"
             " SET statement_timeout = 0 AS"
             " $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN 'waited'; END $$")

    @classmethod
    def start_database(cls):
        """Both services of PostgreSQL's image, as compose starts them."""
        image = containers.Image(POSTGRES_IMAGE, WORK + "/postgres")

        def make(name, *mounts):
            described = cls.compose.services[name]
            mounts = [(WORK + "/hosts", "/etc/hosts", True), *cls.compose.mounts(name), *mounts]
            return containers.Container(image, WORK, name, described.get("command"),
                                        cls.compose.environment(name), mounts)
        database = make("database", (WORK + "/sockets", "/var/run/postgresql", False)).start()
        unittest.addModuleCleanup(database.stop, "INT")
        test = cls.compose.services["database"]["healthcheck"]["test"]
        database.wait_until(lambda: database.execute(*test[1:]).returncode == 0)
        Case.database = [database.name]
        for _ in range(2):  # at the second start, too
            status, _, err = make("schema").run()
            if status != 0:
                raise AssertionError(err)

    def container(self, name, command=None, environment=(), mounts=(), closed=True):
        mounts = [(os.path.join(WORK, "hosts"), "/etc/hosts", True), *mounts]
        made = containers.Container(self.image, WORK, name, command, environment, mounts, closed)
        self.addCleanup(made.kill)
        return made

    def service(self, name):
        described = self.compose.services[name]
        return self.container(name, described["command"], self.compose.environment(name),
                              self.compose.mounts(name))

    def assert_nothing_left(self):
        self.assertEqual([], processes("nginx") + processes("swm-fcgi") + processes("swm-serve"))
        left = subprocess.run([*containers.CRUN, "list", "-q"], check=True, capture_output=True,
                              text=True)
        self.assertEqual(self.database, left.stdout.split())


class TestImage(Case):
    def test_the_same_packages_give_the_same_image(self):
        self.assertTrue(filecmp.cmp(WORK + "/image/swm.tar", WORK + "/again/swm.tar",
                                    shallow=False))

    def test_it_is_small_and_keeps_the_licences(self):
        self.assertLess(os.path.getsize(WORK + "/image/swm.tar"), 40 << 20)
        for package in ("nginx", "swm-fcgi", "libpq5"):
            self.assertTrue(self.image.has("/usr/share/doc/%s/copyright" % package), package)

    def test_nothing_of_the_machine_that_built_it(self):
        for path in ("/etc/resolv.conf", "/etc/hostname", "/etc/apt/sources.list"):
            self.assertFalse(self.image.has(path), path)
        found = subprocess.run(["grep", "-rIl", "-e", "/var/tmp/swm", "-e", CHECKOUT, "etc", "var"],
                               cwd=self.image.root, capture_output=True, text=True, check=False)
        self.assertEqual("", found.stdout)

    def test_its_configuration(self):
        self.assertEqual(["swm-serve"], self.image.command())
        self.assertEqual({"uid": WWW_DATA, "gid": WWW_DATA}, self.image.user())

    def test_docker_finds_its_way_in_the_archive(self):
        folder = os.path.join(WORK, "archive")
        shutil.unpack_archive(WORK + "/image/swm.tar", folder)
        with open(folder + "/manifest.json", encoding="utf-8") as file:
            (image,) = json.load(file)
        self.assertEqual(["swm:latest"], image["RepoTags"])
        for path in [image["Config"], *image["Layers"]]:
            self.assertTrue(os.path.isfile(os.path.join(folder, path)), path)


class TestOneContainer(Case):
    """swm-serve, which is the image's command."""

    def start(self, name, uri=None, **more):
        volumes = [(self.compose.volume(name + part), inside, False)
                   for part, inside in (("-socket", "/var/lib/swm"), ("-web", "/var/lib/nginx"))]
        settings = {"PGRST_DB_URI": uri or self.compose.secret("db-uri"), "PGRST_DB_SCHEMAS": "swm",
                    "SWM_DB_ANON_ROLE": "swm_anon", **more}
        return self.container(name, environment=settings, mounts=volumes).start()

    def healthy(self, container):
        return container.execute("swm-serve", "health").returncode == 0

    def test_start_ask_stop(self):
        container = self.start("one")
        container.wait_until(lambda: self.healthy(container))
        self.assertEqual((200, DEVICE_15), get("devices?id=eq.15"))
        for name in ("nginx", "swm-fcgi", "swm-serve"):
            self.assertTrue(processes(name), name)
            for number in processes(name):
                self.assertEqual(WWW_DATA, os.stat("/proc/%d" % number).st_uid, name)
        if self.image.has("/usr/share/swm/web"):
            status, page = get("ui/", Accept="text/html")
            self.assertEqual((200, True), (status, b"<html" in page.lower()))
        self.assertEqual(0, container.stop())
        self.assert_nothing_left()
        self.assertEqual("", container.output("out"))

    def test_a_request_in_flight_is_answered_before_the_end(self):
        container = self.start("flight")
        container.wait_until(lambda: self.healthy(container))
        lock = subprocess.Popen([*PSQL, "-d", "swm"], text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(lock.communicate)
        lock.stdin.write("BEGIN; SELECT pg_advisory_xact_lock(1), 'locked';\n")
        lock.stdin.flush()
        self.assertIn("locked", lock.stdout.readline())
        answers = []
        request = threading.Thread(target=lambda: answers.append(get("rpc/wait")))
        request.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        container.wait_until(lambda: psql(waiting) == "1")
        container.signal("TERM")
        # nginx has heard it when it takes nothing more
        container.wait_until(lambda: get("")[0] == 0)
        self.assertEqual([], answers)
        lock.communicate("COMMIT;\n")
        request.join(60)
        self.assertEqual([(200, b'"waited"')], answers)
        self.assertEqual(0, container.popen.wait(60))
        self.assert_nothing_left()

    def test_without_a_database_it_is_not_healthy(self):
        container = self.start("away", "host=127.0.0.1 port=1 dbname=swm user=swm_authenticator")
        container.wait_until(lambda: get("")[0] == 503)
        self.assertFalse(self.healthy(container))
        self.assertEqual(0, container.stop())
        self.assert_nothing_left()

    def test_that_nobody_may_ask_without_a_token_is_no_sign_of_a_database(self):
        container = self.start("tokens", SWM_DB_ANON_ROLE="", SWM_JWT_SECRET="x" * 32)
        container.wait_until(lambda: self.healthy(container))
        self.assertEqual(401, get("")[0])
        self.addCleanup(psql, "ALTER ROLE swm_authenticator LOGIN")
        psql("ALTER ROLE swm_authenticator NOLOGIN")
        self.assertEqual(401, get("")[0])
        self.assertFalse(self.healthy(container))
        psql("ALTER ROLE swm_authenticator LOGIN")
        self.assertTrue(self.healthy(container))
        self.assertEqual(0, container.stop())
        self.assert_nothing_left()

    def test_a_wrong_setting_ends_it_and_is_told(self):
        container = self.start("wrong", SWM_DB_POOL="many")
        self.assertEqual(1, container.popen.wait(60))
        self.assertIn("db-pool", container.output())
        self.assert_nothing_left()

    def test_it_ends_when_one_of_the_servers_does(self):
        container = self.start("half")
        container.wait_until(lambda: self.healthy(container))
        os.kill(processes("swm-fcgi")[0], 9)
        self.assertEqual(1, container.popen.wait(60))
        self.assertIn("one of the servers ended", container.output())
        self.assert_nothing_left()


class TestCompose(Case):
    def test_what_it_names_is_there(self):
        self.assertEqual({"PORT", "SAMPLE_DATA"}, set(re.findall(r"\$\{(\w+)", self.compose.text)))
        for name, described in self.compose.services.items():
            for outside, inside, _ in self.compose.mounts(name):
                self.assertTrue(os.path.exists(outside), "%s: %s" % (name, inside))
            for volume in described.get("volumes", []):
                if not volume.startswith("."):
                    self.assertIn(volume.split(":")[0], self.compose.content["volumes"])
            for networks in described["networks"]:
                self.assertIn(networks, self.compose.content["networks"])
            for service in described.get("depends_on", []):
                self.assertIn(service, self.compose.services)

    def test_its_commands_are_those_of_the_image(self):
        for name, described in self.compose.services.items():
            self.assertIn(described["image"], ("swm:latest", "postgres:15"), name)
            if described["image"] == "swm:latest":
                self.assertTrue(self.image.which(described["command"][0]), name)
                if "healthcheck" in described:
                    self.assertTrue(self.image.which(described["healthcheck"]["test"][1]))
                for _, inside, readonly in self.compose.mounts(name):
                    self.assertTrue(readonly or self.image.has(inside), inside)

    def test_its_settings_are_all_known_and_right(self):
        checked = self.container("check", ["swm", "check", "--connect", "-"],
                                 self.compose.environment("swm"), self.compose.mounts("swm"))
        status, _, err = checked.run()
        self.assertEqual((0, ""), (status, err))

    def test_secrets_are_not_for_others_and_stay(self):
        folder = os.path.join(self.compose.folder, "secrets")
        self.assertEqual(0o700, os.stat(folder).st_mode & 0o777)
        before = {name: self.compose.secret(name) for name in self.compose.content["secrets"]}
        self.assertEqual(set(os.listdir(folder)), set(before))
        subprocess.run([os.path.join(self.compose.folder, "make-secrets")], check=True)
        self.assertEqual(before, {name: self.compose.secret(name) for name in before})
        self.assertEqual(4, len(set(before.values())))

    def is_healthy(self, service):
        test = self.compose.services[service.name]["healthcheck"]["test"]
        return service.execute(*test[1:]).returncode == 0

    def test_it_serves(self):
        swm = self.service("swm").start()
        swm.wait_until(lambda: self.is_healthy(swm))
        web = self.service("web").start()
        web.wait_until(lambda: self.is_healthy(web))
        self.assertEqual((200, DEVICE_15), get("devices?id=eq.15"))
        token = swm.execute("swm", "token", "--role", "swm_reader", "-").stdout.strip()
        self.assertEqual((200, DEVICE_15), get("devices?id=eq.15", Authorization="Bearer " + token))
        self.assertEqual(401, get("devices", Authorization="Bearer " + token[:-2])[0])
        self.assertEqual(0, web.stop(self.compose.services["web"]["stop_signal"]))
        self.assertEqual(0, swm.stop())
        self.assert_nothing_left()
        self.assertEqual("", web.output())
        self.assertNotRegex(swm.output(), r"^\S+ (crit|error) ")

    def test_who_has_a_password_signs_in(self):
        psql("SELECT swm_private.set_password('ada', 'correct horse', 'swm_writer')")
        swm, web = self.service("swm").start(), self.service("web").start()
        web.wait_until(lambda: get("")[0] == 200)
        status, answer = get("rpc/login", b'{"name":"ada","password":"correct horse"}',
                             Content_Type="application/json")
        self.assertEqual(200, status, answer)
        token = json.loads(answer)["token"]
        self.assertEqual((200, DEVICE_15), get("devices?id=eq.15", Authorization="Bearer " + token))
        self.assertEqual((0, 0), (web.stop("QUIT"), swm.stop()))


if __name__ == "__main__":
    unittest.main()
