"""
How operators give PostgreSQL a secret: deploy/image/load-schema, and the commands of the guides. The
secret is in PostgreSQL's log neither as it is nor in another statement, however much is logged.
"""
import os
import re
import subprocess
import unittest

import harness

SECRETS = {"database-password": "", "authenticator-password": "unmistakable-1", "jwt-secret": "unmistakable-2" * 3}
WORD = "unmistakable-3"
GUIDES = {"DOCKER.md": "docker compose exec -T database psql", "OPERATING.md": "cd / && runuser -u postgres -- psql"}


def command_of(guide):
	"""The command that gives somebody a password, for a psql that finds the cluster by itself."""
	with open(os.path.join(harness.CHECKOUT, "doc", guide)) as file:
		block = re.search(r"^\tread -rp.*?^\tEND$", file.read(), re.DOTALL | re.MULTILINE).group()
	command = re.sub("^\t", "", block, flags=re.MULTILINE)
	assert GUIDES[guide] in command, command
	return command.replace(GUIDES[guide], "psql")


class Secrets(unittest.TestCase):
	def setUp(self):
		self.cluster = harness.Cluster("secrets")
		self.addCleanup(self.cluster.stop)
		self.cluster.create_database("swm", ())
		for setting in ("log_statement = 'all'", "log_min_duration_statement = 0"):
			self.cluster.sql("postgres", "ALTER SYSTEM SET %s;" % setting)
		self.cluster.sql("postgres", "SELECT pg_reload_conf()")
		self.secrets = os.path.join(harness.folder(), "given-secrets")
		os.makedirs(self.secrets)
		for name, secret in SECRETS.items():
			with open(os.path.join(self.secrets, name), "w") as file:
				file.write(secret)

	def run_command(self, *words, stdin=""):
		environment = {**os.environ, "PGHOST": self.cluster.host, "PGPORT": self.cluster.port, "PGUSER": "postgres",
		               "PGDATABASE": "swm", "SAMPLE_DATA": "false"}
		done = subprocess.run(words, input=stdin, env=environment, text=True, capture_output=True)
		self.assertEqual(done.returncode, 0, done.stderr)
		return done.stdout + done.stderr

	def test_no_log_has_them(self):
		sql = self.cluster.sql
		said = self.run_command(os.path.join(harness.CHECKOUT, "deploy/image/load-schema"),
		                        os.path.join(harness.CHECKOUT, "sql"), self.secrets)
		people = {"O'Hara \"%d\"" % number: "%s \"'\\%d" % (WORD, number) for number in range(len(GUIDES))}
		for guide, (name, password) in zip(GUIDES, people.items()):
			said += self.run_command("bash", "-c", command_of(guide), stdin="%s\n%s\n" % (name, password))
		with open(self.cluster.process.log, errors="replace") as file:
			log = file.read()
		self.assertIn("swm_private.set_password(name, password, 'swm_writer')", log)
		for secret in (WORD, *filter(None, SECRETS.values())):
			self.assertFalse(secret in log + said, secret)

		# they have arrived all the same
		self.assertEqual(sql("swm", "SELECT secret FROM swm_private.login_settings"), SECRETS["jwt-secret"])
		verifier = sql("swm", "SELECT rolpassword FROM pg_authid WHERE rolname = 'swm_authenticator'")
		same = subprocess.run(["python3", os.path.join(harness.CHECKOUT, "deploy/roles/database/files/scram-verifier.py")],
		                      input="%s\n%s\n" % (SECRETS["authenticator-password"], verifier), text=True, capture_output=True)
		self.assertEqual(same.stdout.strip(), verifier)
		for name, password in people.items():
			self.assertEqual(sql("swm", "SELECT role, swm_private.hash_password($$%s$$, password_hash) = password_hash"
			                     " FROM swm_private.people WHERE name = $$%s$$" % (password, name)), "swm_writer|t")


if __name__ == "__main__":
	unittest.main()
