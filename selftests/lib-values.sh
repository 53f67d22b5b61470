# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # lib.sh has what it uses
# The module's tables against crgen's of the same run.

readonly NR_VALUES=32

# Where compare finds the files, if not in debugfs.
tables=

# Compare a file with crgen's table of the same name, for the registers named,
# by all columns that crgen's table has before the counts.
compare() { # FILE REGISTER...
	local file=$1 wrong

	shift
	crs_differences "$file" "$@" >"$scratch/differences"
	wrong=$(wc -l <"$scratch/differences")
	sed 's/^/# /' "$scratch/differences" | head -n 20
	expect "differences in $file" "$wrong" 0
}

crs_differences() { # FILE REGISTER...
	local file=$1

	shift
	awk -v want="crgen-$file" -v registers=" $* " -v max=$NR_VALUES '
	FNR == 1 { input++ }
	/^# kvm_crstat/ { table = $4; head = 1; next }
	input == 1 && table != want { next }
	head {
		head = 0
		delete column
		for (i = 1; i <= NF; i++)
			column[$i] = i
		next
	}
	{
		if (!index(registers, " " $column["reg"] " "))
			next
		vcpu = $column["vm"] " " $column["vcpu"] " " $column["reg"]
		key = vcpu
		for (name in column)
			if (name ~ /^(value|bit|name|address|mode|dir)$/)
				what[name] = $column[name]
		key = key " " what["value"] what["bit"] " " what["name"] \
			what["address"] " " what["mode"] " " what["dir"]
		delete what
		if ("set" in column)
			count = $column["set"] "+" $column["cleared"]
		else
			count = $column["count"]
	}
	input == 1 {
		if (count ~ /^0(\+0)?$/)
			next
		did[key] = count
		of[key] = vcpu
		distinct[vcpu]++
		total[vcpu] += count
		next
	}
	{
		if (count ~ /^0(\+0)?$/)
			next
		rows[vcpu]++
		sum[vcpu] += count
		saw[key] = count
		if ("error" in column && $column["error"] > 0) {
			if (did[key] > count || did[key] < count - $column["error"])
				print key " outside of its bound: " count
		} else if (did[key] != count) {
			print key " is " count ", not " did[key]
		}
	}
	END {
		for (vcpu in total)
			if (sum[vcpu] != total[vcpu])
				print vcpu " sums to " sum[vcpu] ", not " total[vcpu]
		for (vcpu in sum)
			if (!(vcpu in total))
				print vcpu " is not crgen'\''s"
		for (key in did) {
			if (distinct[of[key]] <= max && !(key in saw))
				print key " is missing"
			# Space-Saving: what is more than 1/max is there.
			if (did[key] > total[of[key]] / max && !(key in saw))
				print key " is missing though frequent"
		}
		if (NR == 0 || input != 2)
			print "nothing was read"
	}' "$scratch/crgen" "${tables:-$CRSTAT}/$file"
}
