# Reads the given password of the database and key of the tokens, a line each, which may be
# empty; writes those that are new, makes those that are not there, and names them.
set -eu
umask 077
mkdir -p /etc/swm/secrets
chmod 700 /etc/swm/secrets
cd /etc/swm/secrets
for name in database_password jwt_secret; do
	IFS= read -r given
	if [ -n "$given" ]; then
		[ "$given" != "$(cat "$name" 2>/dev/null)" ] || continue
		printf '%s\n' "$given" >"$name.new"
	else
		[ ! -s "$name" ] || continue
		openssl rand -hex 32 >"$name.new"
	fi
	mv "$name.new" "$name"
	echo "$name"
done
