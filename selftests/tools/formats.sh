#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What crstat prints for programs, read by the programs: OpenMetrics by
# Prometheus itself, JSON by a validator of its schema.
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lib-prometheus.sh
. "$here/lib-prometheus.sh"

views=(table values bits sites callers probes)
schema=$here/../../tools/crstat/crstat.schema.json
cases=(amd intel empty gone boot/recording)

if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	validate() { # <DOCUMENT
		/usr/bin/python3 -c '
import json, jsonschema, sys
validator = jsonschema.Draft7Validator(json.load(open(sys.argv[1])))
for error in validator.iter_errors(json.load(sys.stdin)):
    sys.exit(f"{list(error.path)}: {error.message}")' "$schema"
	}
	for case in "${cases[@]}"; do
		for view in "${views[@]}"; do
			[[ $view == table || $case != gone ]] || continue
			passes "$case: the JSON of $view is as the schema says" validate \
				< <(crstat --root "$reader_dir/$case" "$view" --json)
		done
	done
	passes "the JSON of times is as the schema says" validate \
		< <(crstat --root "$reader_dir/times" times --json)
	for view in table values sites; do
		crstat --root "$reader_dir/series/recording" "$view" -i 1 --json \
			>"$scratch/lines"
		status=$((! $(wc -l <"$scratch/lines")))
		while read -r line; do
			validate <<<"$line" >"$scratch/validator" 2>&1 || status=1
		done <"$scratch/lines"
		result $status "an interval of $view is an object a line"
	done
	! crstat --root "$reader_dir/amd" --json |
		sed 's/"0x20"/"20"/' | validate 2>/dev/null
	result $? "the schema would tell a wrong value"
else
	skip "JSON" "needs python3-jsonschema"
fi

need_programs
mkdir "$scratch/metrics"
for view in "${views[@]}"; do
	crstat --root "$reader_dir/amd" "$view" --openmetrics \
		>"$scratch/metrics/$view"
done
views+=(times)
crstat --root "$reader_dir/times" times --openmetrics >"$scratch/metrics/times"
# Not OpenMetrics: what is no view must be seen to fail.
sed '$d' "$scratch/metrics/table" >"$scratch/metrics/truncated"
background server.log /usr/bin/python3 -c '
import functools, http.server, sys

class Handler(http.server.SimpleHTTPRequestHandler):
    def guess_type(self, path):
        return "application/openmetrics-text; version=1.0.0; charset=utf-8"

http.server.ThreadingHTTPServer(("127.0.0.1", 8000), functools.partial(
    Handler, directory=sys.argv[1])).serve_forever()' "$scratch/metrics"
{
	echo "global: {scrape_interval: 1s}"
	echo "scrape_configs:"
	for view in "${views[@]}" truncated; do
		echo "- {job_name: $view, metrics_path: /$view," \
			"static_configs: [{targets: ['127.0.0.1:8000']}]}"
	done
} >"$scratch/prometheus.yml"
prometheus_start "$scratch/prometheus.yml"

for view in "${views[@]}"; do
	becomes "Prometheus reads the OpenMetrics of $view" "up{job=\"$view\"}" 1
	becomes "every sample of $view" "scrape_samples_scraped{job=\"$view\"}" \
		"$(grep -vc '^#' "$scratch/metrics/$view")"
done
becomes "OpenMetrics without an end is refused" 'up{job="truncated"}' 0
becomes "a counter is the file's" 'sum(kvm_crstat_set_tpr_total{job="table"})' \
	"$(total set_tpr "$reader_dir/amd/vcpus")"
becomes "a value's count is the file's" \
	'sum(kvm_crstat_value_count_total{job="values",reg="cr0",value="0x11"})' 882
becomes "a histogram's count is the file's" \
	'sum(kvm_crstat_access_seconds_count{job="times",reg="cr4",dir="write"})' \
	"$(total count "$reader_dir/times/times" 'reg == "cr4" && dir == "write"')"

finish
