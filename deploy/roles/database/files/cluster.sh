# Makes the cluster, if there is none, to listen at $PORT.
set -eu
[ ! -e /etc/postgresql/15/main/postgresql.conf ] || exit 0
pg_createcluster 15 main --locale=C.UTF-8 --port="$PORT" -- --data-checksums >/dev/null
echo 'the cluster'
