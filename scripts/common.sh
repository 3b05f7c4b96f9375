# Functions that quickstart, run-tests and tests/with-cluster share; read by bash with `.`.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
program=${0##*/}

say() {
	printf '%s\n' "$*"
}

# One line to standard error, and out. The EXIT trap of the caller cleans up.
fail() {
	printf '%s: %s\n' "$program" "$*" >&"$errors"
	exit 1
}

# bash says on standard error when a child was killed; after this only fail is heard.
errors=2
quiet_children() {
	exec 8>&2 2>/dev/null
	errors=8
}

# The last line of a log that says something, for messages.
last_line() {
	sed -n '/[^[:space:]]/h; ${x;p;}' "$1" 2>/dev/null
}

### Users: PostgreSQL refuses root, and nothing here needs it.

# Who runs the servers: ourselves, or, as root, a user that may do nothing else.
choose_runner() {
	local user
	if [ "$(id -u)" -ne 0 ]; then
		id -un
		return
	fi
	for user in postgres nobody; do
		if id -u "$user" >/dev/null 2>&1; then
			printf '%s\n' "$user"
			return
		fi
	done
	return 1
}

# The words that, put before a command, run it as $runner and end it by signal $1
# when this shell dies, however it dies. Left in the array `as`.
become() {
	as=(setpriv)
	if [ "$(id -un)" != "$runner" ]; then
		as+=("--reuid=$runner" "--regid=$(id -g "$runner")" --init-groups)
	fi
	[ "$1" = none ] || as+=(--pdeathsig "$1")
	as+=(--)
}

# Runs a command as $runner, waiting for it. Not in the caller's folder, which
# that user may not be allowed to enter.
as_runner() {
	local as
	become none
	(cd / && "${as[@]}" "$@")
}

# Makes a folder of $runner's own.
private_folder() {
	(umask 077 && mkdir -p "$1") && chown "$runner" "$1" && chmod 700 "$1"
}

### Processes

# Waits up to $2 seconds until a child has ended; true when it has.
ended_within() {
	local rounds=$(($2 * 20))
	while kill -0 "$1" 2>/dev/null; do
		[ "$rounds" -gt 0 ] || return 1
		rounds=$((rounds - 1))
		sleep 0.05
	done
}

# Ends a child by a signal, and by SIGKILL when it has not ended in time.
end_child() {
	local pid=$1 signal=$2 seconds=$3
	[ -n "$pid" ] || return 0
	kill "-$signal" "$pid" 2>/dev/null
	ended_within "$pid" "$seconds" || kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	return 0
}

### A private PostgreSQL cluster: data in a folder, a unix socket in another, no TCP.

# Where initdb and postgres are; Debian keeps them out of PATH.
find_postgresql() {
	local bindir
	for bindir in "${SWM_PG_BINDIR:-}" /usr/lib/postgresql/15/bin "$(pg_config --bindir 2>/dev/null)"; do
		if [ -n "$bindir" ] && [ -x "$bindir/initdb" ]; then
			pg_bindir=$bindir
			return
		fi
	done
	return 1
}

# cluster_create DATA LOG: an empty cluster whose superuser is postgres. Trust is
# for the socket alone, and its folder is open to nobody else.
cluster_create() {
	as_runner env LC_ALL=C.UTF-8 "$pg_bindir/initdb" --pgdata="$1" --username=postgres \
		--encoding=UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host=reject --no-sync >"$2" 2>&1
}

# cluster_start DATA SOCKET_FOLDER LOG [SETTING=VALUE...]: starts the server as a
# child, $cluster_pid, and waits until it takes connections.
cluster_start() {
	local data=$1 sockets=$2 log=$3 rounds=1200 as setting settings=()
	shift 3
	for setting in listen_addresses= "unix_socket_directories=$sockets" unix_socket_permissions=0700 \
		log_timezone=UTC timezone=UTC "$@"; do
		settings+=(-c "$setting")
	done
	become INT
	(cd / && exec setsid "${as[@]}" "$pg_bindir/postgres" -D "$data" "${settings[@]}") \
		</dev/null >"$log" 2>&1 8>&- 9>&- &
	cluster_pid=$!
	# PQPING_OK only: "the database system is starting up" is not ready yet.
	until "$pg_bindir/pg_isready" --quiet --host="$sockets"; do
		kill -0 "$cluster_pid" 2>/dev/null && [ "$rounds" -gt 0 ] || return 1
		rounds=$((rounds - 1))
		sleep 0.05
	done
}

# SIGINT is PostgreSQL's fast shutdown: it ends sessions and writes a checkpoint.
cluster_stop() {
	end_child "${cluster_pid:-}" INT 30
	cluster_pid=
}

### Debian packages (scripts/packages)

packages_for() {
	local group
	for group in "$@"; do
		sed -n "s/^$group //p" "$top/scripts/packages"
	done
}

missing_packages() {
	local package
	for package in "$@"; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			printf '%s ' "$package"
	done
}

# As root, without starting anything: no service of a package, and no cluster
# "main" of Debian's PostgreSQL. What the machine's owner has decided about
# either (a file that is there already) stays.
install_quietly='
set -e
policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.conf
if ! [ -e "$policy" ]; then
	trap "rm -f $policy" EXIT
	printf "#!/bin/sh\nexit 101\n" >"$policy"
	chmod 755 "$policy"
fi
if ! [ -e "$clusters" ]; then
	mkdir -p "${clusters%/*}"
	printf "# A package of PostgreSQL makes no cluster of its own.\ncreate_main_cluster = false\n" >"$clusters"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@"
'

# install_packages GROUP...: installs what is missing of the groups, saying so.
install_packages() {
	local packages missing log sudo=()
	command -v dpkg-query >/dev/null || fail "this is not Debian; install by hand: $(packages_for "$@" | xargs)"
	read -r -d '' -a packages < <(packages_for "$@")
	missing=$(missing_packages "${packages[@]}")
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || fail "packages are missing and there is no sudo; as root: apt-get install $missing"
		sudo=(sudo)
	fi
	say "installing: $missing"
	log=$(mktemp)
	# shellcheck disable=SC2086 # names of packages have no blanks
	"${sudo[@]}" sh -c "$install_quietly" sh $missing >"$log" 2>&1 </dev/null ||
		fail "apt-get cannot install $missing(log: $log): $(grep '^E:' "$log" | head -n 1)"
	rm -f "$log"
}

### Building

# What is no source: what git and autotools keep, and what builds leave behind.
no_source_folders='\./(\.git|\.run|build|m4|build-aux|deploy/(packages|\.vagrant|image/secrets))|.*/(autom4te\.cache|\.deps|\.libs|__pycache__)'
no_source_files='.*(\.(o|lo|la|pyc)|/\.dirstamp|/Makefile\.in)|\./(deploy/secrets\.yml|Makefile|aclocal\.m4|libtool|stamp-h1|configure|config\.[a-z.~]+)'

# Copies the sources to a folder, so that what autotools make stays out of the
# checkout; keeps the times, and removes what is no longer a source.
mirror_sources() {
	local to=$1
	mkdir -p "$to" || return
	(cd "$top" && find . -regextype posix-extended -regex "$no_source_folders" -prune \
		-o -type f ! -regex "$no_source_files" -print | LC_ALL=C sort) >"$to.files.new" || return
	if [ -f "$to.files" ]; then
		LC_ALL=C comm -23 "$to.files" "$to.files.new" | (cd "$to" && xargs -r -d '\n' rm -f)
	fi
	tar -C "$top" -T "$to.files.new" -cf - | tar -C "$to" -xf - && mv "$to.files.new" "$to.files"
}

# build_tree SOURCES BUILD LOG [CONFIGURE_ARGUMENT...]: configures when needed, and makes.
build_tree() {
	local sources=$1 build=$2 log=$3
	shift 3
	(
		if ! [ -x "$sources/configure" ] || [ "$sources/configure.ac" -nt "$sources/configure" ]; then
			"$sources/autogen.sh" || exit
		fi
		mkdir -p "$build" && cd "$build" || exit
		if ! [ -f Makefile ]; then
			"$sources/configure" --quiet "$@" || exit
		fi
		make -j"$(nproc)" V=0
	) >"$log" 2>&1
}
