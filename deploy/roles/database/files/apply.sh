# Behind ask.sh. Makes PostgreSQL run with its files as they are, and says what it did. It asks
# the server and not Ansible: what a run left undone that was cut short, the next one does.
runuser -u postgres -- /usr/lib/postgresql/15/bin/postgres -D $data -c config_file=$etc/postgresql.conf -C port >/dev/null
# systemd does not see by itself that there is the first file of a new folder
case $(systemctl show -P NeedDaemonReload -P DropInPaths $unit) in
*yes*) systemctl daemon-reload ;;
*$unit.d/swm.conf*) ;;
*) systemctl daemon-reload ;;
esac
if ! systemctl is-active --quiet $unit; then
	systemctl start $unit
	echo 'PostgreSQL was started'
fi

loaded=$(ask -c 'SELECT pg_conf_load_time()')
if [ -n "$(find $etc/conf.d/swm.conf $etc/pg_hba.conf $etc/server.crt -newerct "$loaded")" ]; then
	systemctl reload $unit
	rounds=100
	while [ "$(ask -c 'SELECT pg_conf_load_time()')" = "$loaded" ]; do
		[ "$rounds" -gt 0 ] || { echo 'PostgreSQL does not read its files' >&2; exit 1; }
		rounds=$((rounds - 1))
		sleep 0.1
	done
	echo 'PostgreSQL has read its files'
fi

waiting=$(ask -c "SELECT string_agg(name, ', ') FROM pg_settings WHERE pending_restart")
if [ -n "$waiting" ]; then
	systemctl restart $unit
	echo "PostgreSQL was started again for $waiting"
fi

errors=$(ask -c "SELECT 'pg_hba.conf, line ' || line_number || ': ' || error FROM pg_hba_file_rules WHERE error IS NOT NULL")
[ -z "$errors" ] || { printf '%s\n' "$errors" >&2; exit 1; }

# pg_hba.conf is asked at the start of a connection alone
ask -c "SELECT 'was sent away: ' || client_addr FROM pg_stat_activity
	WHERE client_addr IS NOT NULL AND client_addr <> ALL (string_to_array('$WEB_MACHINES', ' ')::inet[])
		AND pg_terminate_backend(pid)"
