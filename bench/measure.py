"""Measures and prints the figures of bench/run, which has started the servers."""
import argparse
import base64
import datetime
import hashlib
import hmac
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
CONNECTIONS = 16
MIB = 1024  # kB, in which /proc counts
EMBED = "/devices?id=eq.15&select=id,device_name,consumption(date,amount,unit)&consumption.date=gte.2025-12-22"
TREE = "/bench_parents?select=id,name,bench_children(id,date,amount,unit)"
TREE_BY_HAND = """SELECT json_agg(p) FROM (SELECT p.id, p.name, (SELECT coalesce(json_agg(c), '[]')
  FROM (SELECT id, date, amount, unit FROM swm.bench_children WHERE parent_id = p.id) AS c) AS bench_children
  FROM swm.bench_parents AS p) AS p"""
READING = '{"date":"2026-05-01","device_id":15,"amount":1.5,"unit":"kWh"}'
WRITER = '{"role":"swm_writer"}'
SECRET = "a secret of the benchmark, of 32 characters or more"
PAGE = "/bench_children?order=date,id&limit=100"
# ten filters, three relations, in tests/schema/films.sql
LARGE = ("/films?select=id,title,directors(first_name,last_name),roles(character),nominations(rank)"
         "&id=gte.1&id=lt.1000&title=like.A*&year=in.(1990,1994,2001)&language=eq.english&rating=gt.5"
         "&or=(year.gt.1980,year.is.null)&roles.actor_id=gt.0&nominations.rank=lte.3&order=year.desc,id&limit=10")
WRITTEN = "date,device_id,amount,unit"
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


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(claims):
    signed = base64url(b'{"alg":"HS256"}') + "." + base64url(claims.encode())
    return f"{signed}.{base64url(hmac.digest(SECRET.encode(), signed.encode(), hashlib.sha256))}"


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

    def wrk(self, url, connections=CONNECTIONS, script=(), **environment):
        text = run("wrk", "-t", "1", "-c", str(connections), "-d", f"{self.options.seconds}s",
                   "--timeout", "10s", *script, url, **environment)
        if "Non-2xx" in text or "Socket errors" in text:
            raise Failure(f"wrk at {url}: {text}")
        return find_number(r"Requests/sec:\s+([\d.]+)", text)

    def swm_rows(self):
        return self.wrk(f"{self.site}/devices?id=eq.15")

    def answer(self, target):
        return json.loads(await_answer(f"{self.site}{target}"))

    def flask_rows(self):
        return self.wrk(f"{self.flask}/devices/15")

    def pgbench_rows(self):
        return self.pgbench("one-row.pgbench", id="15")

    def pgbench_embed(self):
        return self.pgbench("embed.pgbench", id="15", date="2025-12-22")

    def swm_embed(self):
        return self.wrk(self.site + EMBED)

    def swm_inserts(self):
        return self.wrk(f"{self.site}/bench_readings", script=("-s", f"{HERE}/insert.lua"),
                        BENCH_TOKEN=token(WRITER), BENCH_BODY=READING)

    def pgbench_inserts(self):
        """The body has colons, which would begin variables where pgbench reads it: hence a variable itself."""
        return self.pgbench("insert.pgbench", role="swm_writer", claims=WRITER, method="POST", path="/bench_readings",
                            headers=json.dumps({"host": self.site[len("http://"):], "content-type": "application/json"}),
                            body=READING)

    def readings(self):
        return int(run(*self.psql("-At", "-c", "SELECT count(*) FROM swm.bench_readings")))

    def hop(self):
        """nginx, FastCGI and we ourselves: an answer for which the database is not asked."""
        return self.wrk(f"{self.site}/devices", script=("-s", f"{HERE}/options.lua"))

    def pgbench(self, script, **given):
        """pgbench prepares before the transaction, when the login role could not see the table: hence swm_writer."""
        values = {
            "search_path": '"swm"', "role": "swm_anon", "claims": '{"role":"swm_anon"}', "method": "GET",
            "path": "/devices", "headers": json.dumps({"host": self.site[len("http://"):]}),
            "cookies": "{}", **given,
        }
        text = run(f"{self.options.pg_bindir}/pgbench", "-n", "-M", "prepared", "-c", str(CONNECTIONS),
                   "-j", "2", "-T", str(self.options.seconds),
                   "-f", f"{HERE}/{script}",
                   *(f"-D{name}={value}" for name, value in values.items()),
                   "-h", f"{self.state}/run", "-U", "swm_authenticator", "swm",
                   PGOPTIONS="-crole=swm_writer")
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

    def film_rate(self):
        return self.wrk(self.site + LARGE, connections=1, script=("-H", "Accept-Profile: film"))

    def ask_film(self, target):
        asked = urllib.request.Request(self.site + target, headers={"Accept-Profile": "film"})
        with urllib.request.urlopen(asked, timeout=5) as answer:
            return json.load(answer)

    def next_page(self, target):
        with urllib.request.urlopen(self.site + target, timeout=5) as answer:
            found = re.fullmatch(r'<(.*)>; rel="next"', answer.headers["Link"] or "")
        if found is None:
            raise Failure(f"no page behind {target}")
        return urllib.parse.urljoin(target, found.group(1))

    def make_rows(self, form, count):
        """A file of rows of consumption, each with another key; its name."""
        name = f"{self.state}/run/rows.{form}"
        day = datetime.date(1970, 1, 1)
        with open(name, "w", encoding="ascii") as file:
            if form == "csv":
                file.write(WRITTEN + "\n")
            for n in range(count):
                row = (str(day + datetime.timedelta(n // 51)), 1 + n % 51, f"{0.05 + n % 997 * 0.0131:.3f}", "kWh")
                if form == "csv":
                    file.write("%s,%d,%s,%s\n" % row)
                else:
                    file.write('{"date":"%s","device_id":%d,"amount":%s,"unit":"%s"}\n' % row)
        return name

    def empty_written(self):
        run(*self.psql("-c", "TRUNCATE swm.bench_written"))
        run(*self.psql("-c", "CHECKPOINT"))

    def check_written(self, count):
        found = run(*self.psql("-Atc", "SELECT count(*) FROM swm.bench_written")).strip()
        if found != str(count):
            raise Failure(f"not {count} rows were written, but {found}")

    def post(self, file, content):
        return run("curl", "-sSf", "-H", f"Content-Type: {content}", "-H", "Expect:", "-T", file, "-X", "POST",
                   f"{self.site}/bench_written")

    def swm_write(self, file, content, count):
        self.empty_written()
        begin = time.monotonic()
        self.post(file, content)
        seconds = time.monotonic() - begin
        self.check_written(count)
        return seconds

    def copy_write(self, file, count):
        self.empty_written()
        begin = time.monotonic()
        run(*self.psql("-c", f"\\copy swm.bench_written ({WRITTEN}) FROM '{file}' (FORMAT csv, HEADER)"))
        seconds = time.monotonic() - begin
        self.check_written(count)
        return seconds

    def psql(self, *arguments):
        return (f"{self.options.pg_bindir}/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", f"{self.state}/run",
                "-U", "postgres", *arguments, "swm")

    def run_file(self, name):
        run(*self.psql("-f", name))

    def curl(self, target):
        return seconds_of("curl", "-sSf", "-o", "/dev/null", self.site + target)

    def statement(self, sql):
        return seconds_of(*self.psql("-At", "-o", "/dev/null", "-c", sql))

    def parse_and_plan(self):
        """Microseconds."""
        schema = f"{HERE}/../tests/schema/films.sql"
        return find_number(r"([\d.]+) us", run(f"{self.state}/bin/parse-plan", schema, "film",
                                               str(4 * self.options.rounds), LARGE[1:]))

    def alternate(self, *sides):
        """The medians of all sides, which take turns."""
        rounds = [[side() for side in sides] for _ in range(self.options.rounds)]
        return [statistics.median(side) for side in zip(*rounds)]


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


def figure_insert(bench):
    with Program(bench, SWM_JWT_SECRET=SECRET):
        before = bench.readings()
        bench.swm_inserts()
        if bench.readings() == before:
            raise Failure("nothing was inserted")
        tell_rate("insert", 0.4, "pgbench", *bench.alternate(bench.swm_inserts, bench.pgbench_inserts))


def figure_flask(bench):
    with Program(bench):
        bench.check_flask()
        tell_rate("flask", 30, "Flask", *bench.alternate(bench.swm_rows, bench.flask_rows))


def figure_million(bench):
    with Program(bench) as program:
        bench.check_million()
        ours, theirs = bench.alternate(lambda: bench.curl("/bench_consumption"), lambda: bench.statement(COPY))
        ratio = ours / theirs
        tell("million", f"swm {ours:.3f} s", f"COPY {theirs:.3f} s", f"{ratio:.2f}", "<= 2", ratio <= 2)
        tell_memory("peak", program, "VmHWM", 16)


def figure_memory(bench):
    with Program(bench) as program:
        tell_memory("idle", program, "VmRSS", 8)


def figure_reload(bench):
    bench.run_file(f"{HERE}/tables.sql")
    with Program(bench, SWM_DB_SCHEMAS="swm, bench_tables", SWM_LOG_LEVEL="info") as program:
        with Asking(bench) as asking:
            seconds = statistics.median(bench.reload(program) for _ in range(bench.options.rounds))
        tell("reload", f"10,500 in {seconds:.2f} s", f"an answer <= {asking.slowest:.3f} s", "", "<= 2 s", seconds <= 2)
        tell_memory("reloaded", program, "VmHWM", 64)


def figure_plan(bench):
    """The request's time is that of one connection, so that nothing waits for another."""
    with Program(bench, SWM_DB_SCHEMAS="swm, film"):
        rows = bench.ask_film(LARGE)
        if [row["title"] for row in rows] != ["Amber"] or len(rows[0]["roles"]) != 2:
            raise Failure(f"not the films that were asked for: {rows}")
        taken, rate = bench.alternate(bench.parse_and_plan, bench.film_rate)
        request = 1e6 / rate
        tell("plan", f"{taken:.1f} us", f"the request {request:.0f} us", f"{taken / request:.3f}",
             "< 50 us, < 0.05", taken < 50 and taken / request < 0.05)


def figure_embed(bench):
    """Times a request at full load, so that they add up."""
    with Program(bench):
        rows = bench.answer(EMBED)
        if len(rows) != 1 or len(rows[0]["consumption"]) != 10:
            raise Failure(f"not the device that was asked for: {rows}")
        ours, theirs, hop = (1e6 / rate for rate in bench.alternate(bench.swm_embed, bench.pgbench_embed, bench.hop))
        ratio = ours / (theirs + hop)
        tell("embed", f"swm {ours:.0f} us", f"pgbench {theirs:.0f} + hop {hop:.0f} us", f"{ratio:.2f}", "<= 1.3", ratio <= 1.3)


def figure_tree(bench):
    with Program(bench):
        rows = bench.answer(TREE)
        if len(rows) != 1000 or any(len(row["bench_children"]) != 100 for row in rows):
            raise Failure(f"not 1000 parents of 100 children: {len(rows)}")
        ours, theirs = bench.alternate(lambda: bench.curl(TREE), lambda: bench.statement(TREE_BY_HAND))
        tell("tree", f"swm {ours:.3f} s", f"json_agg {theirs:.3f} s", f"{ours / theirs:.2f}", "<= 1", ours <= theirs)


def figure_pages(bench):
    """By the Link of a page to the next one: the second page, which has a position too, and the one behind 900 others."""
    with Program(bench):
        second = target = last = bench.next_page(PAGE)
        for _ in range(899):
            target, last = bench.next_page(target), target
        if len(bench.answer(last)) != 100:
            raise Failure(f"not a page of a hundred: {last}")
        deep, near, first = bench.alternate(*(lambda t=t: bench.wrk(bench.site + t) for t in (last, second, PAGE)))
        tell("pages", f"the 900th {deep:.0f}/s", f"2nd {near:.0f}/s, 1st {first:.0f}/s", f"{deep / near:.2f}", ">= 0.9",
             deep >= 0.9 * near)


def figure_write(bench):
    count = 1000000
    csv, lines = bench.make_rows("csv", count), bench.make_rows("ndjson", count)
    with Program(bench) as program:
        for name, file, content in (("csv-in", csv, "text/csv"), ("ndjson-in", lines, "application/x-ndjson")):
            ours, theirs = bench.alternate(lambda f=file, c=content: bench.swm_write(f, c, count),
                                           lambda: bench.copy_write(csv, count))
            ratio = ours / theirs
            tell(name, f"swm {ours:.3f} s", f"\\copy {theirs:.3f} s", f"{ratio:.2f}", "<= 2", ratio <= 2)
        tell_memory("peak", program, "VmHWM", 32)


def figure_gigabyte(bench):
    count = 1000000
    day, file = datetime.date(1970, 1, 1), f"{bench.state}/run/gigabyte.csv"
    with open(file, "w", encoding="ascii") as out:
        out.write(WRITTEN + "\n")
        for n in range(count):
            out.write(f"{day + datetime.timedelta(n // 51)},{1 + n % 51},1.5,{'x' * 1000}\n")
    with Program(bench) as program:
        bench.swm_write(file, "text/csv", count)
        tell_memory("1 GB in", program, "VmHWM", 32)
    os.unlink(file)


FIGURES = {"one-row": figure_one_row, "insert": figure_insert, "flask": figure_flask, "million": figure_million, "memory": figure_memory,
           "plan": figure_plan, "embed": figure_embed, "tree": figure_tree, "pages": figure_pages,
           "reload": figure_reload, "write": figure_write, "gigabyte": figure_gigabyte}


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
