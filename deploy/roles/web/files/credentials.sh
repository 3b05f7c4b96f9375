# Reads the connection string, the key of the tokens, and the certificate of the database's
# authority; writes those that are new, and names them.
set -eu
umask 077

# keep NAME MODE: a file from standard input, in place at once and whole
keep() {
	cat >"$1.new"
	chmod "$2" "$1.new"
	if cmp -s "$1.new" "$1" && [ "$(stat -c '%U %a' "$1")" = "root $2" ]; then
		rm "$1.new"
	else
		mv "$1.new" "$1"
		echo "$1"
	fi
}

mkdir -p /etc/swm/credentials
chmod 700 /etc/swm/credentials
cd /etc/swm
IFS= read -r uri
IFS= read -r key
printf '%s\n' "$uri" | keep credentials/db-uri 600
printf '%s' "$key" | keep credentials/jwt-secret 600
keep database-ca.crt 644
