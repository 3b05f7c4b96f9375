# Reads a JSON list of steps, does them in turn, and prints a line for each thing that it changes.
#
#	{"file": PATH, "text": TEXT, "mode": "0644", "owner": "root", "check": COMMAND}
#		the file has this content; it is replaced at once and whole, after COMMAND has
#		accepted the new one, whose name is put behind it (mode, owner and check may be left out)
#	{"file": PATH, "from": OTHER, "head": LINE, "replace": [[OLD, NEW], ...], ...}
#		instead of text: the content of another file behind a first line, each NEW in place of its
#		OLD (head and replace may be left out)
#	{"folder": PATH, "mode": "0755"}
#	{"run": SCRIPT, "environment": {...}}
#		a shell script, which looks for itself what is to be done, and prints what it did
import grp
import json
import os
import pwd
import stat
import subprocess
import sys


def folder(path, mode):
    if not os.path.isdir(path):
        os.makedirs(path)
        print(path)
    os.chmod(path, mode)


def content(step):
    if "from" not in step:
        return step["text"].encode()
    with open(step["from"], encoding="utf-8") as file:
        text = file.read()
    for old, new in step.get("replace", []):
        if old not in text:
            sys.exit(f"{step['from']} has no line {old.strip()!r}")
        text = text.replace(old, new)
    return (step["head"] + "\n" + text if "head" in step else text).encode()


def differs(path, wanted, mode, ids):
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            return file.read() != wanted or (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) != (mode, *ids)
    except FileNotFoundError:
        return True


def accept(command, path):
    done = subprocess.run([*command.split(), path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        os.unlink(path)
        sys.exit(done.stdout)


def keep(step):
    path, new, mode = step["file"], step["file"] + ".new", int(step.get("mode", "0644"), 8)
    owner = step.get("owner", "root")
    wanted, ids = content(step), (pwd.getpwnam(owner).pw_uid, grp.getgrnam(owner).gr_gid)
    if not differs(path, wanted, mode, ids):
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.lexists(new):
        os.unlink(new)
    # nobody else's from the first byte on
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(wanted)
        os.fchown(file.fileno(), *ids)
        os.fchmod(file.fileno(), mode)
    if "check" in step:
        accept(step["check"], new)
    os.replace(new, path)
    print(path)


def execute(step):
    done = subprocess.run(["/bin/sh", "-c", step["run"]], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, **step.get("environment", {})}, check=False)
    print(done.stdout, end="")
    if done.returncode != 0:
        sys.exit(done.returncode)


os.umask(0o022)
for item in json.load(sys.stdin):
    if "folder" in item:
        folder(item["folder"], int(item["mode"], 8))
    elif "file" in item:
        keep(item)
    else:
        execute(item)
