"""The commands of the guides in doc/, run beside a quickstart by an ordinary user."""
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import documents
import test_quickstart


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_ordinary_user(folder):
    """The words before a command that make it an ordinary user's, whose the folder becomes."""
    if os.getuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    subprocess.run(["chown", "-R", "%d:%d" % (user.pw_uid, user.pw_gid), folder], check=True)
    return ["setpriv", "--reuid=%d" % user.pw_uid, "--regid=%d" % user.pw_gid,
            "--clear-groups", "--"]


class TestLinks(unittest.TestCase):
    def test_links_lead_to_files_that_are_in_the_release(self):
        checkout = test_quickstart.CHECKOUT
        with open(checkout + "/doc/Makefile.inc", encoding="utf-8") as file:
            released = file.read().split()
        documents_here = [name for name in os.listdir(checkout + "/doc") if name.endswith(".md")]
        for name in ["README.md", *("doc/" + name for name in documents_here)]:
            with open(os.path.join(checkout, name), encoding="utf-8") as file:
                links = re.findall(r"\]\(([^):#]+)\)", file.read())
            for link in links:
                path = os.path.normpath(os.path.join(os.path.dirname(name), link))
                self.assertTrue(os.path.exists(os.path.join(checkout, path)), path)
                self.assertIn(path, released, name)


class TestDocuments(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="swm-doc-", dir="/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.checkout = os.path.join(cls.folder, "checkout")
        test_quickstart.copy_checkout(cls.checkout)
        os.chmod(cls.folder, 0o755)
        cls.become = as_ordinary_user(cls.folder)
        cls.environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": cls.folder,
                           "LC_ALL": "C.UTF-8"}
        cls.ports = {"8080": str(free_port()), "9000": str(free_port())}
        cls.ports["3000"] = cls.ports["8080"]  # in place of PostgREST, the quickstart
        cls.start()

    @classmethod
    def start(cls):
        quickstart = test_quickstart.Quickstart(cls.checkout, cls.ports["8080"], become=cls.become,
                                                environment=cls.environment)
        cls.addClassCleanup(quickstart.end, signal.SIGTERM)
        if not quickstart.read_until(test_quickstart.LAST_LINE, test_quickstart.BUILD_SECONDS):
            raise AssertionError("not ready: %r" % quickstart.seen)

    def follow(self, document):
        with open(os.path.join(self.checkout, document), encoding="utf-8") as file:
            text = file.read()
        for shown, port in self.ports.items():
            text = text.replace("127.0.0.1:" + shown, "127.0.0.1:" + port)
            text = text.replace(" %s " % shown, " %s " % port)
        found = documents.commands(text)
        self.assertGreater(len(found), 0)
        shell = documents.Shell(self.checkout, self.environment, self.become)
        self.addCleanup(shell.close)
        for line, command, expected in found:
            output = shell.run(command)
            if not documents.matches(expected, output):
                self.fail("%s, line %d: %s\nshown: %s\nprinted: %s" % (
                    document, line, command, expected, output))

    def test_tutorial(self):
        self.follow("doc/TUTORIAL.md")

    def test_beside_postgrest(self):
        """With a file as PostgREST has it, of the database that is here."""
        with open(os.path.join(self.checkout, "postgrest.conf"), "w", encoding="utf-8") as file:
            file.write('db-uri = "postgres://swm_authenticator@/swm?host=%s/.run/run"\n'
                       'db-schemas = "swm"\ndb-anon-role = "swm_anon"\nserver-port = 3000\n'
                       'jwt-secret = "reallyreallyreallyreallyverysafe"\n' % self.checkout)
        self.follow("doc/POSTGREST.md")


if __name__ == "__main__":
    unittest.main()
