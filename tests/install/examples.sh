# What the programs of examples/ print for the sample data of sql/; read by run with `.`.
# shellcheck shell=bash

cat >"$work/swm.conf" <<END
db-uri = "host=$PGHOST dbname=swm user=swm_authenticator"
db-schemas = "swm"
db-anon-role = "swm_anon"
END

# expect OUTPUT COMMAND...: the command succeeds and prints just that.
expect() {
	local wanted=$1 printed
	shift
	printed=$("$@") || return
	[ "$printed" = "$wanted" ] || {
		printf 'expected:\n%s\nprinted:\n%s\n' "$wanted" "$printed"
		return 1
	}
}

run_example() {
	case $1 in
	rows)
		expect $'id      name    \n15      express' "$2" "$work/swm.conf" swm_reader 'ex*' &&
			! "$2" "$work/swm.conf" nobody_here 'ex*'
		;;
	readings)
		expect $'express: [{"date":"2025-12-31","amount":0.429}, \n {"date":"2025-12-30","amount":0.596}]' \
			"$2" "$work/swm.conf" swm_reader 'ex*' &&
			! "$2" "$work/swm.conf" swm_reader
		;;
	insert)
		expect '336 readings' "$2" "$work/swm.conf" swm_writer 15 && expect '336 readings' "$2" "$work/swm.conf" swm_writer 15 &&
			expect '336|252.00' psql -XAtq -d swm -c "SELECT count(*), sum(amount) FROM swm.consumption WHERE date < '2012-01-01'" &&
			! "$2" "$work/swm.conf" swm_writer 99 && ! "$2" "$work/swm.conf" swm_reader 15
		;;
	requests)
		"$2" "$work/swm.conf" GET '/devices?id=eq.15' 'Accept: text/csv' >"$work/answer" &&
			head -n 1 "$work/answer" | grep -q '^HTTP/1.1 200 OK$' &&
			expect $'id,device_name\n15,express' sed '1,/^$/d' "$work/answer"
		;;
	readme)
		# it reads swm.conf where it is
		(cd "$work" && expect $'kettle\ntoaster\nfridge' "$2")
		;;
	*)
		echo "tests/install/examples.sh does not know what $1 prints"
		return 1
		;;
	esac
}
