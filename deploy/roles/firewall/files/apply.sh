# Starts the firewall with the machine, and makes it read its rules if they are newer.
set -eu
unit=nftables.service
if ! systemctl is-enabled --quiet $unit; then
	systemctl enable --quiet $unit
	echo 'the firewall starts with the machine'
fi
if systemctl is-active --quiet $unit; then
	read=$(systemctl show --timestamp=us+utc -P StateChangeTimestamp $unit)
	[ -n "$(find /etc/nftables.conf -newerct "$read")" ] || exit 0
fi
systemctl reload-or-restart $unit
echo 'the firewall has its rules'
