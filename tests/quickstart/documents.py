"""
Runs the commands of a document, as somebody does who follows it in one shell.

In a block that is indented by a tab, a line that begins with "$ " is a command, and one with ">"
goes on with it; the lines up to the next command or the end of the block are its output, of which
"..." stands for any text. A command without output must print nothing. Nothing else of the document
is run.
"""
import os
import re
import select
import signal
import subprocess
import time

SENTINEL = "=== the command has ended ==="


def commands(text):
    """(line number, command, expected output) of each command."""
    found, current = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("\t$ "):
            current = [number, line[3:], ""]
            found.append(current)
        elif not line.startswith("\t"):
            current = None
        elif current and re.match(r"\t>( |$)", line) and not current[2]:
            current[1] += "\n" + line[3:]
        elif current:
            current[2] += line[1:] + "\n"
    return found


def matches(expected, output):
    pattern = ".*".join(re.escape(part) for part in expected.rstrip("\n").split("..."))
    return re.fullmatch(pattern, output.rstrip("\n"), flags=re.DOTALL) is not None


class Shell:
    """A bash that is told one command after the other."""

    def __init__(self, folder, environment, become=()):
        self.popen = subprocess.Popen([*become, "bash", "--norc", "-s"], start_new_session=True,
                                      cwd=folder, env=environment, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, command, seconds=60):
        """What the command prints."""
        text = "{\n%s\n} </dev/null\necho '%s'\n" % (command, SENTINEL)
        self.popen.stdin.write(text.encode())
        self.popen.stdin.flush()
        end, seen = (SENTINEL + "\n").encode(), b""
        deadline = time.monotonic() + seconds
        while not seen.endswith(end):
            left = max(0, deadline - time.monotonic())
            if not select.select([self.popen.stdout], [], [], left)[0]:
                raise AssertionError("no end of %r: %r" % (command, seen))
            piece = os.read(self.popen.stdout.fileno(), 65536)
            if not piece:
                raise AssertionError("the shell ended in %r: %r" % (command, seen))
            seen += piece
        return seen[:-len(end)].decode()

    def close(self):
        """Ends it and what it has started."""
        self.popen.stdin.close()
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.popen.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        self.popen.wait(10)
        self.popen.stdout.close()
