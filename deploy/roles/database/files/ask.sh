# ask [WORD...]: psql as the superuser, over the local socket, at the port where the
# server listens now, which may be another than the one that it is about to get.
set -eu
unit=postgresql@15-main.service
etc=/etc/postgresql/15/main
data=/var/lib/postgresql/15/main
ask() {
	(cd / && exec runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 -p "$(sed -n 4p $data/postmaster.pid)" "$@")
}
