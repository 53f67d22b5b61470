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

# A line "LABELS => VALUE" for each series.
ask() { # EXPRESSION
	promtool query instant http://127.0.0.1:9090 "$1" 2>&1 |
		sed 's/ @\[.*//' | sort
}

# A case: within half a minute. Empty is no series at all.
becomes() { # NAME EXPRESSION VALUE
	local tries=100 got

	while ((tries--)); do
		got=$(ask "$2")
		[[ ${got#*=> } != "$3" ]] || break
		sleep 0.3
	done
	((tries >= 0)) || note "$2 is ${got:-nothing}, not $3" \
		"$(tail -n 3 "$scratch/prometheus.log")"
	result $((tries < 0)) "$1"
}
