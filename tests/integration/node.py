"""Tests that need node: whether it is there, and its packages, installed from npm into build/."""
import filecmp
import os
import re
import shutil
import subprocess

OLDEST = 20


def is_missing():
	"""Why node cannot be used, or None."""
	if not shutil.which("node") or not shutil.which("npm"):
		return "node and npm are not installed"
	asked = subprocess.run(["node", "--version"], capture_output=True, text=True)
	version = asked.stdout.strip()
	if int(re.match(r"v(\d+)", version).group(1)) < OLDEST:
		return "node %s is older than %d" % (version, OLDEST)
	return None


def _is_installed(sources, folder):
	lock = os.path.join(folder, "package-lock.json")
	done = os.path.join(folder, "node_modules", ".package-lock.json")
	return (os.path.exists(done) and os.path.exists(lock)
	        and filecmp.cmp(lock, os.path.join(sources, "package-lock.json"), shallow=False))


def install(sources, folder):
	"""
	Copies the files of a folder into another, and installs there what its package-lock.json
	names, unless that was done. Why that cannot be, or None.
	"""
	os.makedirs(folder, exist_ok=True)
	same = _is_installed(sources, folder)
	for entry in os.scandir(sources):
		if entry.is_file():
			shutil.copy(entry.path, folder)
	if same:
		return None
	done = subprocess.run(["npm", "ci", "--omit=dev"], cwd=folder, capture_output=True, text=True,
	                      timeout=300)
	if done.returncode == 0:
		return None
	shutil.rmtree(os.path.join(folder, "node_modules"), ignore_errors=True)
	reasons = [line for line in done.stderr.splitlines() if "npm error" in line]
	return "npm ci failed: " + (reasons[0] if reasons else "exit status %d" % done.returncode)
