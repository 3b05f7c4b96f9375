# Starts swm-fcgi again if it does not run, or not with its files as they are (the library too,
# whose upgrade alone restarts nothing), lets it read the schema anew if another one is loaded,
# and says so. What a run left undone that was cut short, the next one does.
set -eu
unit=swm-fcgi.service
if ! systemctl is-enabled --quiet $unit; then
	systemctl enable --quiet $unit
	echo 'swm-fcgi starts with the machine'
fi
if systemctl is-active --quiet $unit; then
	since=$(systemctl show --timestamp=us+utc -P ExecMainStartTimestamp $unit)
	if [ -z "$(find /etc/swm /usr/bin/swm-fcgi /usr/lib/*/libswm.so.* -type f ! -path /etc/swm/schema -newerct "$since")" ]; then
		read=$(systemctl show --timestamp=us+utc -P StateChangeTimestamp $unit)
		[ -n "$(find /etc/swm/schema -newerct "$read")" ] || exit 0
		systemctl reload $unit
		echo 'swm-fcgi has read the schema'
		exit 0
	fi
fi
systemctl restart $unit
echo 'swm-fcgi was started'
