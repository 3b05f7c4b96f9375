# Makes the kernel have what the file says.
set -eu
grep -v '^#' /etc/sysctl.d/60-swm-balancer.conf | while read -r name _ value; do
	file=/proc/sys/$(echo "$name" | tr . /)
	if [ "$(cat "$file")" != "$value" ]; then
		echo "$value" >"$file"
		echo "$name = $value"
	fi
done
