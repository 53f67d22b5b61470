# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # what tests use
# Prometheus on loopback in a network of its own: ports are free, and nothing is
# reached but what the test itself has started.
tools_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
reader_dir=$tools_dir/../reader
PATH=$PATH:$tools_dir/../../build/tools:$tools_dir/../../tools/fleet

network=(unshare --net)
((UID == 0)) || network+=(--map-root-user)
if [[ ! ${CRS_OWN_NETWORK:-} ]] && "${network[@]}" true 2>/dev/null; then
	CRS_OWN_NETWORK=1 exec "${network[@]}" "$(readlink -f "$0")" "$@"
fi
# shellcheck source=../lib.sh
. "$tools_dir/../lib.sh"
[[ ${CRS_OWN_NETWORK:-} ]] || skip_all "no network of its own to be had"
type ip >/dev/null 2>&1 || skip_all "needs iproute2"
ip link set lo up || exit

need_programs() {
	local programs

	if ! type prometheus promtool prometheus-node-exporter >/dev/null 2>&1; then
		programs=$("$tools_dir/fetch" programs) ||
			skip_all "no Prometheus to be had"
		PATH=$PATH:$programs/usr/bin
	fi
	type crstat >/dev/null 2>&1 || skip_all "crstat is not in PATH"
}

# background LOG COMMAND...: until the test ends.
background() {
	local log=$1

	shift
	"$@" >"$scratch/$log" 2>&1 &
	at_exit+=("kill $! 2>/dev/null; wait $!")
}

prometheus_start() { # CONFIG
	background prometheus.log prometheus --config.file="$1" \
		--storage.tsdb.path="$scratch/tsdb" \
		--web.listen-address=127.0.0.1:9090 --log.level=warn
}

# query EXPRESSION: a line "LABELS => VALUE" for each series.
query() {
	promtool query instant http://127.0.0.1:9090 "$1" 2>&1 |
		sed 's/ @\[.*//' | sort
}

# becomes EXPRESSION VALUE: within half a minute. Empty is no series at all.
becomes() {
	local tries=100 got

	while ((tries--)); do
		got=$(query "$1")
		[[ ${got#*=> } == "$2" ]] && return
		sleep 0.3
	done
	note "$1 is ${got:-nothing}, not $2" "$(tail -n 3 "$scratch/prometheus.log")"
	return 1
}

# sum_of COLUMN FILE...: over all rows of the table "vcpus" in these files.
sum_of() {
	awk -v name="$1" '
	/^# / { wanted = $4 == "vcpus"; column = 0; next }
	!wanted { next }
	!column { for (i = 1; i <= NF; i++) if ($i == name) column = i; next }
	$column != "-" { sum += $column }
	END { printf "%.0f\n", sum }' "${@:2}"
}
