# What was there before keeps its content under a name that apt passes over; to
# go back, remove swm-mirror.sources and take ".disabled" off the others.
for file in /etc/apt/*.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
	case $file in
	*/swm-mirror.sources | *'*'*) ;;
	*) mv -v "$file" "$file.disabled" ;;
	esac
done
