#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A fleet of four hosts: what crstat-textfile writes passes their node exporters
# and Prometheus, with the configuration, rules and dashboard of tools/fleet, and
# comes out as the sums of the files that it was made of.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib-prometheus.sh
. "$here/lib-prometheus.sh"
fleet=$here/../../tools/fleet

need_programs

# X(counter): all of vcpus.
mapfile -t counters < <(sed -n '/CRS_COUNTERS(X)/,/^$/s/^\tX(\([a-z_0-9]*\),.*/\1/p' \
	"$here/../../include/kvm_crstat.h")

# An AMD, an Intel, a host of 64 vCPUs in 8 VMs, the recording of a boot.
hosts=(alpha beta gamma delta)
declare -A root=([alpha]=$scratch/alpha [beta]=$reader_dir/intel
	[gamma]=$scratch/gamma [delta]=$reader_dir/boot/recording)
cp -r "$reader_dir/amd" "${root[alpha]}"
mkdir "${root[gamma]}"
cp -r "$reader_dir"/empty/{bits,probes} "$reader_dir"/fleet/{vcpus,proc} \
	"${root[gamma]}"
vcpus=("${root[alpha]}/vcpus" "${root[beta]}/vcpus" "${root[gamma]}/vcpus"
	"${root[delta]}")

# The sum of a column over these files, recordings too.
sum_of() { # COLUMN FILE...
	local file sum=0

	for file in "${@:2}"; do
		((sum += $(total "$1" "$file" 1 vcpus)))
	done
	echo $sum
}

textfile() { # HOST
	crstat-textfile -d "$scratch/textfile/$1" -r "${root[$1]}"
}

mkdir "$scratch/prometheus"
cp "$fleet"/*.yml "$scratch/prometheus"
sed -i 's/15s/1s/' "$scratch/prometheus/prometheus.yml"
: >"$scratch/prometheus/kvm-hosts.yml"
for i in "${!hosts[@]}"; do
	host=${hosts[i]} address=127.0.0.$((i + 1)):9100
	mkdir -p "$scratch/textfile/$host"
	passes "crstat-textfile of $host" textfile "$host"
	passes "promtool finds no fault with $host" promtool check metrics \
		<"$scratch/textfile/$host/kvm_crstat.prom"
	printf -- '- targets: [%s]\n  labels: {host: %s}\n' "$address" "$host" \
		>>"$scratch/prometheus/kvm-hosts.yml"
	background "$host.log" prometheus-node-exporter \
		--collector.disable-defaults --collector.textfile \
		--collector.textfile.directory="$scratch/textfile/$host" \
		--web.listen-address="$address" --log.level=warn
done
passes "the example configuration is valid" \
	promtool check config "$scratch/prometheus/prometheus.yml"
passes "the rules compute what they should" \
	promtool test rules "$here/fleet_rules_test.yml"

prometheus_start "$scratch/prometheus/prometheus.yml"
becomes "all hosts are up" 'sum(up{job="kvm"})' "${#hosts[@]}"
becomes "all hosts have counters" \
	'count(count by (host) (kvm_crstat_set_tpr_total))' "${#hosts[@]}"

((${#counters[@]} > 10)) || skip_all "no counters in the contract"
for counter in "${counters[@]}"; do
	# None of the recorded hosts may have it.
	becomes "fleet's sum of $counter" \
		"sum(kvm_crstat_${counter}_total) or vector(0)" \
		"$(sum_of "$counter" "${vcpus[@]}")"
done
for i in "${!hosts[@]}"; do
	becomes "${hosts[i]}'s sum of cr0_write" \
		"sum(kvm_crstat_cr0_write_total{host=\"${hosts[i]}\"})" \
		"$(sum_of cr0_write "${vcpus[i]}")"
done
becomes "a bit's sum" \
	'sum(kvm_crstat_bit_set_total{host="alpha",reg="cr0",name="PE"})' 882
# Labels of an exporter that Prometheus sets too would come back as exported_*.
becomes "no label is taken twice" \
	'count({__name__=~"kvm_crstat_.*", exported_host!=""}
	or {__name__=~"kvm_crstat_.*", exported_instance!=""})' ""

# 1000 writes of the TPR by alpha's guest, in 50 steps that Prometheus may see.
before=$(sum_of tpr_guest "${root[alpha]}/vcpus")
for ((i = 0; i < 50; i++)); do
	awk 'NR == 2 { for (i = 1; i <= NF; i++) if ($i == "tpr_guest") c = i }
		NR > 2 { $c += 20 } { print }' "${root[alpha]}/vcpus" \
		>"$scratch/next"
	cp "$scratch/next" "${root[alpha]}/vcpus"
	textfile alpha
	sleep 0.1
done
becomes "writes of a guest arrive" \
	'sum(kvm_crstat_tpr_guest_total{host="alpha"})' $((before + 1000))
becomes "no other host counts them" \
	'sum(max_over_time(kvm_crstat_tpr_guest_total[2m])
	- min_over_time(kvm_crstat_tpr_guest_total[2m]))' 1000
becomes "the rule has the rate of that guest alone" \
	'count(vm:kvm_crstat_tpr_writes:rate1m{origin="guest"} > 0)' 1
becomes "no exporter saw half a file" \
	'max(max_over_time(node_textfile_scrape_error[2m]))' 0

mapfile -t expressions < <(/usr/bin/python3 - "$fleet"/*.json <<'END'
import json, sys
for panel in json.load(open(sys.argv[1]))["panels"]:
    for target in panel["targets"]:
        print(target["expr"].replace("$__rate_interval", "30s")
              .replace("$host", ".*").replace("$vm", ".*"))
END
)
answered=0
for expression in "${expressions[@]}"; do
	if [[ $(ask "$expression") == *'=>'* ]]; then
		((answered++))
	else
		note "no answer: $expression"
	fi
done
((answered > 10 && answered == ${#expressions[@]}))
result $? "every panel of the dashboard has data"

crstat-textfile -d "$scratch/textfile/beta" -r "$scratch/none" 2>/dev/null
[[ $? == 8 && ! -e $scratch/textfile/beta/kvm_crstat.prom ]]
result $? "what can't be read leaves no old counters"
if [[ -d /sys/module/kvm_crstat ]]; then
	skip "without the module" "it is loaded"
else
	expected=
	crstat-textfile -d "$scratch/textfile/alpha" || expected="status $?"
	becomes "without the module a host has no counters" \
		'count(kvm_crstat_set_tpr_total{host="alpha"})' "$expected"
fi

finish
