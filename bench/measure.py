"""Measures and prints the figures of bench/run, which has started the servers."""
import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

CONNECTIONS = 16
MIB = 1024  # kB, in which /proc counts
COPY = "COPY (SELECT id, date, device_id, amount, unit FROM swm.bench_consumption) TO STDOUT"


class Failure(Exception):
    """Something did not run."""


def run(*command, **environment):
    """Runs a command to its end; its standard output."""
    done = subprocess.run(command, env=dict(os.environ, **environment), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def find_number(pattern, text):
    found = re.search(pattern, text)
    if found is None:
        raise Failure(f"no {pattern!r} in: {text.strip()[-300:]}")
    return float(found.group(1))


def seconds_of(*command):
    begin = time.monotonic()
    run(*command)
    return time.monotonic() - begin


def await_answer(url, seconds=20):
    """The body at url, once it is answered with 200."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read()
        except OSError as error:
            if time.monotonic() > deadline:
                raise Failure(f"no answer at {url}: {error}") from error
        time.sleep(0.05)


class Program:
    """An swm-fcgi of ours; ends with the block that it is used in."""

    def __init__(self, bench, **settings):
        self.bench = bench
        self.settings = settings
        self.log = f"{bench.state}/log/swm-fcgi"

    def __enter__(self):
        environment = dict(os.environ, LD_LIBRARY_PATH=f"{self.bench.state}/bin", **self.settings)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [f"{self.bench.state}/bin/swm-fcgi", f"{self.bench.state}/swm.conf"],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.bench.check_row()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=40)

    def loads(self):
        """How often the log says that the schema was read."""
        with open(self.log, encoding="utf-8") as log:
            return log.read().count("schema loaded: ")

    def memory(self, file, field):
        """A field of /proc/PID/file, in kB."""
        with open(f"/proc/{self.process.pid}/{file}", encoding="ascii") as lines:
            return find_number(rf"(?m)^{field}:\s+(\d+) kB", lines.read())


class Asking:
    """Asks for one row over and over while the block runs; slowest: seconds of the slowest answer."""

    def __init__(self, bench):
        self.bench = bench
        self.slowest = 0.0
        self.failure = None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.ask)

    def ask(self):
        try:
            while not self.over.is_set():
                begin = time.monotonic()
                self.bench.check_row()
                self.slowest = max(self.slowest, time.monotonic() - begin)
        except Failure as failure:
            self.failure = failure

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        if self.failure is not None:
            raise self.failure


class Bench:
    """What is measured, and how."""

    def __init__(self, options):
        self.options = options
        self.state = options.state
        self.site = f"http://127.0.0.1:{options.port}"
        self.flask = f"http://127.0.0.1:{options.port + 1}"

    def check_row(self):
        """That the very row is answered, before anybody counts answers."""
        rows = json.loads(await_answer(f"{self.site}/devices?id=eq.15"))
        if rows != [{"id": 15, "device_name": "express"}]:
            raise Failure(f"not the row that was asked for: {rows}")

    def check_flask(self):
        text = await_answer(f"{self.flask}/devices/15")
        if text != b"(15, 'express')\n":
            raise Failure(f"not the row that was asked of Flask: {text}")

    def check_million(self):
        rows = json.loads(await_answer(f"{self.site}/bench_consumption"))
        if len(rows) != 1000000 or list(rows[0]) != ["id", "date", "device_id", "amount", "unit"]:
            raise Failure(f"not a million rows of consumption: {len(rows)}")

    def wrk(self, url):
        text = run("wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{self.options.seconds}s",
                   "--timeout", "10s", url)
        if "Non-2xx" in text or "Socket errors" in text:
            raise Failure(f"wrk at {url}: {text}")
        return find_number(r"Requests/sec:\s+([\d.]+)", text)

    def swm_rows(self):
        return self.wrk(f"{self.site}/devices?id=eq.15")

    def flask_rows(self):
        return self.wrk(f"{self.flask}/devices/15")

    def pgbench_rows(self):
        """pgbench prepares before the transaction, when the login role could not see the table: hence swm_reader."""
        values = {
            "search_path": '"swm"', "role": "swm_anon", "claims": '{"role":"swm_anon"}', "method": "GET",
            "path": "/devices", "headers": json.dumps({"host": self.site[len("http://"):]}),
            "cookies": "{}", "id": "15",
        }
        text = run(f"{self.options.pg_bindir}/pgbench", "-n", "-M", "prepared", "-c", str(CONNECTIONS),
                   "-j", "2", "-T", str(self.options.seconds),
                   "-f", f"{os.path.dirname(os.path.abspath(__file__))}/one-row.pgbench",
                   *(f"-D{name}={value}" for name, value in values.items()),
                   "-h", f"{self.state}/run", "-U", "swm_authenticator", "swm",
                   PGOPTIONS="-crole=swm_reader")
        return find_number(r"tps = ([\d.]+)", text)

    def reload(self, program):
        """Seconds from the signal to the line in the log."""
        before, begin = program.loads(), time.monotonic()
        program.process.send_signal(signal.SIGUSR1)
        while program.loads() == before:
            if time.monotonic() > begin + 60:
                raise Failure("the schema is not read anew")
            time.sleep(0.005)
        return time.monotonic() - begin

    def make_tables(self):
        run(f"{self.options.pg_bindir}/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", f"{self.state}/run",
            "-U", "postgres", "-f", f"{os.path.dirname(os.path.abspath(__file__))}/tables.sql", "swm")

    def swm_million(self):
        return seconds_of("curl", "-sSf", "-o", "/dev/null", f"{self.site}/bench_consumption")

    def copy_million(self):
        return seconds_of(f"{self.options.pg_bindir}/psql", "-X", "-q", "-o", "/dev/null", "-h",
                          f"{self.state}/run", "-U", "postgres", "-c", COPY, "swm")

    def alternate(self, ours, theirs):
        """The medians of both sides, which take turns."""
        pairs = [(ours(), theirs()) for _ in range(self.options.rounds)]
        return [statistics.median(side) for side in zip(*pairs)]


def tell(name, ours, theirs, ratio, target, met):
    print(f"{name:<10}{ours:>24}{theirs:>26}{ratio:>10}   {target:<16}{'ok' if met else 'below'}", flush=True)


def tell_rate(name, target, peer, ours, theirs):
    ratio = ours / theirs
    tell(name, f"swm {ours:.0f}/s", f"{peer} {theirs:.0f}/s", f"{ratio:.2f}", f">= {target}", ratio >= target)


def tell_memory(name, program, field, most):
    size, pss = program.memory("status", field), program.memory("smaps_rollup", "Pss")
    tell(name, f"{field} {size / MIB:.1f} MiB", f"Pss now {pss / MIB:.1f} MiB", "", f"<= {most} MiB",
         size <= most * MIB)


def figure_one_row(bench):
    with Program(bench):
        tell_rate("one-row", 0.4, "pgbench", *bench.alternate(bench.swm_rows, bench.pgbench_rows))


def figure_flask(bench):
    with Program(bench):
        bench.check_flask()
        tell_rate("flask", 30, "Flask", *bench.alternate(bench.swm_rows, bench.flask_rows))


def figure_million(bench):
    with Program(bench) as program:
        bench.check_million()
        ours, theirs = bench.alternate(bench.swm_million, bench.copy_million)
        ratio = ours / theirs
        tell("million", f"swm {ours:.3f} s", f"COPY {theirs:.3f} s", f"{ratio:.2f}", "<= 2", ratio <= 2)
        tell_memory("peak", program, "VmHWM", 16)


def figure_memory(bench):
    with Program(bench) as program:
        tell_memory("idle", program, "VmRSS", 8)


def figure_reload(bench):
    bench.make_tables()
    with Program(bench, SWM_DB_SCHEMAS="swm, bench_tables", SWM_LOG_LEVEL="info") as program:
        with Asking(bench) as asking:
            seconds = statistics.median(bench.reload(program) for _ in range(bench.options.rounds))
        tell("reload", f"10,500 in {seconds:.2f} s", f"an answer <= {asking.slowest:.3f} s", "", "<= 2 s", seconds <= 2)
        tell_memory("reloaded", program, "VmHWM", 64)


FIGURES = {"one-row": figure_one_row, "flask": figure_flask, "million": figure_million, "memory": figure_memory,
           "reload": figure_reload}


def parse_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", required=True)
    parser.add_argument("--pg-bindir", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--only", action="append", choices=FIGURES)
    return parser.parse_args()


def main():
    options = parse_options()
    bench = Bench(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers end with the blocks they are used in
    try:
        for name in options.only or FIGURES:
            FIGURES[name](bench)
    except Failure as failure:
        sys.exit(f"bench: {failure}")


if __name__ == "__main__":
    main()
