"""The library as others see it: its symbols, its headers, and the laws that a program can check.

Environment: SWM_BUILD, a build folder made with gcc and without sanitizers.
"""
import glob
import os
import re
import shlex
import subprocess
import unittest

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ["SWM_BUILD"]
LIBRARY = os.path.join(BUILD, "lib", ".libs", "libswm.so")


def read(*path):
	with open(os.path.join(CHECKOUT, *path), encoding="utf-8") as file:
		return file.read()


def without_comments(text):
	return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)


def sources(*patterns):
	found = [os.path.relpath(path, CHECKOUT) for pattern in patterns
	         for path in glob.glob(os.path.join(CHECKOUT, pattern), recursive=True)]
	if not found:
		raise AssertionError("there is nothing like " + " ".join(patterns))
	return sorted(found)


def run(*argv):
	return subprocess.run(argv, check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout


def declared():
	"""The functions that the public headers declare with SWM_API."""
	names = []
	for path in sources("include/swm/*.h"):
		text = re.sub(r"^\s*#.*(\\\n.*)*$", "", without_comments(read(path)), flags=re.M)
		names += re.findall(r"\bSWM_API\b[^;{]*?\b(swm_\w+)\s*\(", text)
	return names


def in_map():
	text = re.sub(r"#[^\n]*", "", read("lib", "libswm.map"))
	names = []
	for section in re.findall(r"global:(.*?)(?:local:|\})", text, flags=re.S):
		names += re.findall(r"(\w+)\s*;", section)
	return names


def dynamic_symbols(*options):
	"""name -> version of the library's dynamic symbols."""
	found = {}
	for line in run("nm", "-D", *options, LIBRARY).splitlines():
		name, _, version = line.split()[-1].partition("@")
		found[name] = version.lstrip("@")
	return found


class Symbols(unittest.TestCase):
	maxDiff = None

	def test_the_map_has_what_the_headers_declare(self):
		self.assertEqual(sorted(declared()), sorted(in_map()))

	def test_the_headers_declare_something(self):
		self.assertIn("swm_engine_serve", declared())

	def test_nothing_stands_twice(self):
		self.assertEqual(len(set(in_map())), len(in_map()))

	def test_the_library_exports_exactly_the_map(self):
		exported = dynamic_symbols("--defined-only")
		exported.pop("SWM_0", None)
		self.assertEqual(sorted(in_map()), sorted(exported))

	def test_every_symbol_has_its_version(self):
		versions = dynamic_symbols("--defined-only", "--with-symbol-versions")
		versions.pop("SWM_0", None)
		self.assertEqual({"SWM_0"}, set(versions.values()))

	def test_nothing_of_its_own_is_undefined(self):
		missing = [name for name in dynamic_symbols("--undefined-only") if name.startswith("swm_")]
		self.assertEqual([], missing)

	def test_soname(self):
		self.assertRegex(run("readelf", "-d", LIBRARY), r"\(SONAME\).*\[libswm\.so\.0\]")

	def test_every_public_function_is_declared_for_export(self):
		"""A prototype in a public header without SWM_API could not be linked."""
		for path in sources("include/swm/*.h"):
			text = re.sub(r"^\s*#.*(\\\n.*)*$", "", without_comments(read(path)), flags=re.M)
			text = re.sub(r"\btypedef\b[^;{]*(\{[^}]*\})?[^;]*;", "", text)
			text = re.sub(r"\{[^{}]*\}", "{}", text.replace('extern "C" {', ""))
			for statement in text.split(";"):
				name = re.search(r"\b(swm_\w+)\s*\(", statement)
				if name:
					self.assertIn("SWM_API", statement, "%s in %s" % (name.group(1), path))


class Includes(unittest.TestCase):
	"""Which room may know of what (the design's laws)."""

	ROOMS = ("lib/**/*.[ch]", "cgi/*.[ch]", "cli/*.[ch]")

	def includes(self, *patterns):
		for path in sources(*patterns):
			for header in re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', read(path), flags=re.M):
				yield path, header

	def check_only_in(self, header, *folders):
		seen = [path for path, included in self.includes(*self.ROOMS) if os.path.basename(included) == header]
		self.assertEqual([], [path for path in seen if not path.startswith(folders)])
		self.assertTrue(seen, "nobody includes %s: is the check still right?" % header)

	def test_libpq(self):
		self.check_only_in("libpq-fe.h", "lib/pool/", "lib/exec/", "lib/schema/", "lib/reply/")

	def test_cjson(self):
		self.check_only_in("cJSON.h", "lib/json/")

	def test_fcgiapp(self):
		self.check_only_in("fcgiapp.h", "cgi/")

	def check_never_sees(self, room, *others):
		"""No file of a room includes a header of others, also not by way of another header."""
		for path in sources(room + "/*.[ch]"):
			for seen in self.reached(path):
				self.assertFalse(seen.startswith(others), "%s reaches %s" % (path, seen))

	def reached(self, path):
		"""Every header of the library that a file includes, directly or not, as lib/<room>/<name>."""
		seen, todo = set(), [path]
		while todo:
			for _, header in self.includes(todo.pop()):
				for candidate in (os.path.join("lib", header), os.path.join(os.path.dirname(path), header)):
					if candidate not in seen and os.path.isfile(os.path.join(CHECKOUT, candidate)):
						seen.add(candidate)
						todo.append(candidate)
				if header in ("libpq-fe.h", "cJSON.h", "fcgiapp.h"):
					seen.add(header)
		return seen

	def test_query_never_sees_the_schema(self):
		self.check_never_sees("lib/query", "lib/schema/", "lib/plan/", "lib/sql/", "libpq-fe.h")

	def test_plan_never_sees_libpq(self):
		self.check_never_sees("lib/plan", "libpq-fe.h", "lib/pool/", "lib/exec/")

	def test_sql_never_sees_libpq(self):
		self.check_never_sees("lib/sql", "libpq-fe.h", "lib/pool/", "lib/exec/")

	def test_openapi_never_sees_libpq(self):
		self.check_never_sees("lib/openapi", "libpq-fe.h", "lib/pool/", "lib/exec/")

	def test_requests_and_sessions_never_see_libpq(self):
		"""They know results by exec/result.h, and connections not at all."""
		self.check_never_sees("lib/serve", "libpq-fe.h")
		self.check_never_sees("lib", "libpq-fe.h")

	def test_programs_stand_on_the_public_api(self):
		for path, header in self.includes("cgi/*.[ch]", "cli/*.[ch]", "examples/*.c"):
			self.assertFalse(os.path.isfile(os.path.join(CHECKOUT, "lib", header)), "%s: %s" % (path, header))

	def test_public_headers_include_public_headers_alone(self):
		allowed = {"stdbool.h", "stddef.h", "stdint.h"}
		for path, header in self.includes("include/**/*.h"):
			self.assertTrue(header.startswith("swm/") or header in allowed, "%s: %s" % (path, header))

	def test_every_source_file_begins_with_the_configuration(self):
		of_the_build_machine = "cli/completion.c"
		for path in set(sources("lib/**/*.c", "cgi/*.c", "cli/*.c")) - {of_the_build_machine}:
			first = re.search(r'^\s*#\s*include\s*(\S+)', read(path), flags=re.M)
			self.assertEqual('"config.h"', first and first.group(1), path)


class Settings(unittest.TestCase):
	"""lib/config/options.def marks what has no effect: I without meaning, N not in effect yet."""

	def options(self):
		text = re.sub(r"/\*.*?\*/", " ", read("lib", "config", "options.def"), flags=re.S)
		found = re.findall(r'SWM_OPTION\((\w+), "([\w-]+)", \w+, (?:NULL|"[^"]*"), (?:NULL|"[\w-]+"), "(\w*)"', text)
		self.assertEqual(len(found), text.count("SWM_OPTION("))
		return found

	def test_an_option_is_used_unless_it_is_marked(self):
		library = "".join(without_comments(read(path)) for path in sources("lib/**/*.c")
		                  if os.path.dirname(path) != "lib/config")
		library += "".join(re.findall(r"s->\w+", without_comments(read("lib", "config", "settings.c"))))
		programs = "".join(without_comments(read(path)) for path in sources("cgi/*.c"))
		for field, name, flags in self.options():
			with self.subTest(name):
				used = re.search(r"(->|\.)%s\b" % field, library) is not None or '"%s"' % name in programs
				self.assertEqual(used, not set("IN") & set(flags))


	def test_the_manual_says_what_is_not_in_effect(self):
		with open(os.path.join(BUILD, "doc", "swm.conf.5"), encoding="utf-8") as file:
			paragraphs = dict(re.findall(r"^\.TP\n\.B (\S+)\n(.*?)\n\.br$", file.read().replace("\\-", "-"), re.M | re.S))
		for _, name, flags in self.options():
			with self.subTest(name):
				self.assertEqual("Not in effect yet." in paragraphs[name], "N" in flags)
				self.assertEqual(paragraphs[name].startswith("Has no meaning here"), "I" in flags)


class Dialect(unittest.TestCase):
	"""The tables of lib/query against the public header and the dictionary of the fuzzer."""

	def rows(self, table, macro):
		text = re.sub(r"/\*.*?\*/", " ", read("lib", "query", table), flags=re.S)
		found = re.findall(r"^%s\((.*)\)$" % macro, text, flags=re.M)
		self.assertEqual(len(found), text.count(macro + "("))
		return [[cell.strip('"') for cell in row.split(", ")] for row in found]

	def operators(self):
		return self.rows("operators.def", "SWM_OPERATOR")

	def enumerators(self, enum):
		"""{name: (number, comment)} of an enum of query.h."""
		header = read("include", "swm", "query.h")
		body = re.search(r"enum %s \{\n(.*?)\};" % enum, header, flags=re.S).group(1)
		line = re.compile(r"\t(\w+) = (\d+),(?: +/\* (.*) \*/)?")
		found = [line.fullmatch(row) for row in body.splitlines()]
		return {row[1]: (int(row[2]), row[3]) for row in found}

	def numbers(self, enum):
		return {name: number for name, (number, _) in self.enumerators(enum).items()}

	def test_every_operator_is_public_and_has_its_sql_beside_it(self):
		public = self.enumerators("swm_operator")
		expected = {"SWM_OP_" + name: int(number) for name, number, *_ in self.operators()}
		self.assertEqual(expected, self.numbers("swm_operator"))
		for name, _, _, sql, use, _ in self.operators():
			with self.subTest(name):
				expected = "@@ " + sql if use == "SEARCH" else sql
				comment = public["SWM_OP_" + name][1]
				self.assertRegex(comment, "^%s(?=$|[,:;])" % re.escape(expected))

	def test_every_aggregate_is_public(self):
		rows = self.rows("aggregates.def", "SWM_AGGREGATE")
		expected = {"SWM_AGGREGATE_" + name: int(number) for name, number, _ in rows}
		self.assertEqual({"SWM_AGGREGATE_NONE": 0, **expected}, self.numbers("swm_aggregate"))

	def test_the_header_lists_the_words_of_is(self):
		*words, last = [url for _, url, _ in self.rows("is_words.def", "SWM_IS_WORD")]
		_, comment = self.enumerators("swm_operator")["SWM_OP_IS"]
		self.assertEqual(comment, "IS; value: %s or %s" % (", ".join(words), last))

	def test_the_header_lists_the_operators_that_take_a_quantifier(self):
		expected = [url for _, _, url, _, _, quantified in self.operators() if quantified == "true"]
		self.assertIn("quantifier; /* for %s */" % ", ".join(expected), read("include", "swm", "query.h"))

	def test_the_dictionary_of_the_fuzzer_has_every_word(self):
		entries = re.findall(r'^"(.*)"$', read("tests", "fuzz", "dialect.dict"), flags=re.M)
		for _, _, url, *_ in self.operators():
			with self.subTest(url):
				self.assertTrue([e for e in entries if e.startswith((url + ".", url + "("))])
		aggregates = self.rows("aggregates.def", "SWM_AGGREGATE")
		self.assertLessEqual({".%s()" % word for *_, word in aggregates}, set(entries))
		words = {"is." + url for _, url, _ in self.rows("is_words.def", "SWM_IS_WORD")}
		self.assertLessEqual(words, set(entries))


class Commands(unittest.TestCase):
	"""cli/commands.def against swm(1): every command and option of one stands in the other."""

	def rows(self, kind):
		text = re.sub(r"/\*.*?\*/", " ", read("cli", "commands.def"), flags=re.S)
		found = re.findall(r"SWM_%s\(((?:\"(?:[^\"\\]|\\.)*\"|[^()\"])*)\)" % kind, text)
		self.assertEqual(len(found), text.count("SWM_%s(" % kind))
		return [[cell.strip().strip("\"'") for cell in re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", row)] for row in found]

	def manual(self):
		text = read("doc", "swm.1").replace("\\-", "-")
		return re.sub(r"\\f.|\\&", "", text)

	def plain(self, line):
		"""A macro's line as it is read: its arguments without what sets them."""
		return "".join(shlex.split(line)[1:])

	def test_usage_lines(self):
		synopsis = self.manual().split(".SH SYNOPSIS\n")[1].split(".SH DESCRIPTION")[0].split(".br\n")
		lines = [" ".join(self.plain(line) if line.startswith(".RI") else " ".join(shlex.split(line)[1:])
		                  for line in usage.splitlines()) for usage in synopsis]
		expected = []
		for command, _ in self.rows("COMMAND"):
			forms = {"ONCE": "%s", "MAYBE": "[%s]", "SOME": "%s...", "ANY": "[%s...]"}
			expected.append(" ".join(["swm", command, "[OPTION...]"] +
				[forms[times] % name for of, name, times, *_ in self.rows("ARGUMENT") if of == command]))
		self.assertEqual(lines[:-1], expected)

	def test_options(self):
		manual = self.manual()
		for command, _ in self.rows("COMMAND"):
			with self.subTest(command):
				section = re.split(r"^\.S[SH] ", manual.split(".SS swm %s\n" % command)[1], maxsplit=1, flags=re.M)[0]
				expected = []
				for of, _, letter, name, value, *_ in self.rows("OPTION"):
					if of == command:
						expected.append(("" if letter == "0" else "-%s, " % letter) + "--" + name +
						                ("" if value == "NULL" else " " + value))
				seen = [self.plain(line) for line in re.findall(r"^\.TP\n(.*)$", section, flags=re.M)]
				self.assertEqual(seen, expected)


class Laws(unittest.TestCase):
	"""The library never exits, prints, reads the environment, changes the locale or touches signals."""

	FORBIDDEN = """
		exit _exit _Exit quick_exit abort atexit on_exit
		printf vprintf puts putchar fprintf vfprintf fputs fputc putc fwrite perror stdout stderr psignal syslog warn err errx
		getenv secure_getenv setenv unsetenv putenv clearenv environ __environ
		setlocale uselocale
		signal sigaction sigprocmask pthread_sigmask sigset raise kill alarm
		system popen fork vfork execve execvp chdir umask
		strtok atoi atol atoll atof strcpy strcat sprintf vsprintf gets scanf sscanf rand srand localtime gmtime asctime ctime
	""".split()
	DOCUMENTED = {
		# swm_config_load_file(): $(NAME) in a file
		("lib/config/", "getenv"), ("lib/config/", "secure_getenv"),
		# the pool's own threads start with every signal blocked, so that none of the program's runs there
		("lib/pool/", "pthread_sigmask"),
	}

	def undefined(self):
		"""(object file, symbol) of what the library's objects take from elsewhere."""
		objects = glob.glob(os.path.join(BUILD, "lib", "**", ".libs", "*.o"), recursive=True)
		self.assertGreater(len(objects), 10, "the build has no object files")
		for line in run("nm", "-A", "--undefined-only", *objects).splitlines():
			path, _, rest = line.rpartition(":")
			yield os.path.relpath(path, BUILD), rest.split()[-1].partition("@")[0]

	def test_forbidden_functions(self):
		found = set()
		for path, name in self.undefined():
			fortified = re.match(r"__(\w+)_chk$", name)
			plain = fortified.group(1) if fortified else name
			room = os.path.dirname(os.path.dirname(path)) + "/"
			if plain in self.FORBIDDEN and (room, plain) not in self.DOCUMENTED:
				found.add("%s: %s" % (path, plain))
		self.assertEqual([], sorted(found))

	def test_the_documented_exception_is_one_file(self):
		users = {path for path, name in self.undefined() if name in ("getenv", "secure_getenv")}
		self.assertLessEqual(len(users), 1, users)

	def test_the_library_links_what_it_says(self):
		"""No library but the three of the pkg-config file, and the C library's own."""
		needed = set(re.findall(r"\(NEEDED\).*\[(lib\w+?)[-.\d]*\.so", run("readelf", "-d", LIBRARY)))
		self.assertLessEqual(needed, {"libpq", "libcrypto", "libcjson", "libc", "libm"})


if __name__ == "__main__":
	unittest.main()
