# Behind ask.sh. Makes the database $NAME with what swm-sql has for it, gives the login role its
# password, and says what was not so yet.
if [ -z "$(ask -c "SELECT 1 FROM pg_database WHERE datname = '$NAME'")" ]; then
	ask -c "CREATE DATABASE \"$NAME\" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
	echo 'the database'
fi

# The files may be run again without harm, but a run that changes nothing should say
# so: the database's comment keeps the sum of those that it has.
cd /usr/share/swm/sql
set --
for file in *.sql; do
	case $SAMPLE_DATA:$SIGN_IN:$file in
	false:*:*sample*) ;;
	*:false:*login*) ;;
	*) set -- "$@" "$file" ;;
	esac
done
sum="sql/ $(cat "$@" | sha256sum | cut -c 1-16)"
if [ "$sum" != "$(ask -c "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '$NAME'")" ]; then
	cat "$@" - <<-EOF | ask -d "$NAME" -1 -f - >/dev/null
		REVOKE ALL ON DATABASE "$NAME" FROM PUBLIC;
		GRANT CONNECT, TEMPORARY ON DATABASE "$NAME" TO swm_authenticator;
		COMMENT ON DATABASE "$NAME" IS '$sum';
	EOF
	echo 'roles, tables, privileges'
fi
# for the web machines
printf '%s\n' "$sum" >/etc/swm/secrets/schema

# swm.login signs with what the web machines verify with. What COPY reads is not in PostgreSQL's
# log, whatever else is; a line is taken as it is, since no secret has these two characters.
if [ "$SIGN_IN" = true ]; then
	new=$(ask -d "$NAME" <<-EOF
		BEGIN;
		CREATE TEMPORARY TABLE given (secret text) ON COMMIT DROP;
		COPY given FROM STDIN (FORMAT csv, DELIMITER E'\x01', QUOTE E'\x02');
		$(cat /etc/swm/secrets/jwt_secret)
		\\.
		SELECT swm_private.set_login_secret(secret) FROM given;
		COMMIT;
	EOF
	)
	[ "$new" = f ] || echo 'the key of swm.login'
fi

# The password itself is not sent to PostgreSQL, which might log it; printf is the shell's own.
has=$(ask -c "SELECT rolpassword FROM pg_authid WHERE rolname = 'swm_authenticator'")
verifier=$({ cat /etc/swm/secrets/database_password; printf '%s\n' "$has"; } | python3 -c "$SCRAM")
if [ "$verifier" != "$has" ]; then
	printf "ALTER ROLE swm_authenticator PASSWORD '%s'\n" "$verifier" | ask
	echo 'the password'
fi
