# Makes the site nginx's only one, and has nginx, which starts with the machine, run with it; says
# what it did. Nginx reads its files anew if they are newer, whichever run wrote them.
set -eu
unit=nginx.service
cd /etc/nginx/sites-enabled
[ "$(readlink swm)" = ../sites-available/swm ] || ln -sfvn ../sites-available/swm swm
[ ! -e default ] || rm -v default
nginx -t -q
# systemd does not see by itself that there is the first file of a new folder
case $(systemctl show -P NeedDaemonReload -P DropInPaths $unit) in
*yes*) systemctl daemon-reload ;;
*nginx.service.d/swm.conf*) ;;
*) systemctl daemon-reload ;;
esac
if ! systemctl is-enabled --quiet $unit; then
	systemctl enable --quiet $unit
	echo 'nginx starts with the machine'
fi
if systemctl is-active --quiet $unit; then
	read=$(systemctl show --timestamp=us+utc -P StateChangeTimestamp $unit)
	[ -n "$(find . .. ../snippets ../sites-available/swm -maxdepth 1 -newerct "$read")" ] || exit 0
	systemctl reload $unit
	echo 'nginx has read its files'
else
	systemctl start $unit
	echo 'nginx was started'
fi
