# SPDX-License-Identifier: GPL-2.0
# Two series of crstat, of vCPUs and of sites, into what gnuplot draws. For exits,
# which sets "work", a folder for data. Columns go by their names.

# Seconds of a time like 2026-01-31T12:34:56.789Z.
function seconds(iso, part)
{
	split(iso, part, /[-T:Z]/)
	return mktime(part[1] " " part[2] " " part[3] " " part[4] " " part[5] \
		" 0") + part[6]
}

BEGIN {
	FS = ","
	# Times are subscripts.
	CONVFMT = "%.3f"
	nr = split("cr0_write cr0_read cr4_write cr4_read cr3_write cr3_read " \
		"cr8_write cr8_read cr_other tpr_sync tpr_apic tpr_guest " \
		"tpr_user tpr_other", name, " ")
	split("CR0 written,CR0 read,CR4 written,CR4 read,CR3 written,CR3 read," \
		"CR8 written,CR8 read,not decoded,KVM after an exit," \
		"guest by its APIC,guest by CR8,VMM,others", label, ",")
	split("d95f02 fdbf6f 1f78b4 a6cee3 33a02c b2df8a 6a3d9a cab2d6 999999 " \
		"b0b0b0 e31a1c 6a3d9a 33a02c 000000", colour, " ")
	first_tpr = 10
}

FNR == 1 {
	split("", at)
	for (i = 1; i <= NF; i++)
		at[$i] = i
	next
}

{
	end = seconds($at["time"])
	begin = end - $at["seconds"]
	if (start == "" || begin < start)
		start = begin
	if (end > last)
		last = end
}

# A site. Linux has its own half of the address space, of 16 digits.
"address" in at {
	digits = length($at["address"]) - 2
	phase = $at["mode"] == "real" || digits <= 5 ? "firmware" : \
		digits < 16 ? "decompressor" : "kernel"
	if (!(phase in from) || begin < from[phase])
		from[phase] = begin
	next
}

# A vCPU.
{
	width[end] = $at["seconds"]
	for (i = 1; i <= nr; i++)
		count[end, i] += $at[name[i]]
}

# Boxes of each counter that isn't zero, on those of the counters before.
function panel(title, low, high, i, end, n, file, plots, sum)
{
	for (i = low; i <= high; i++) {
		file = work "/" name[i]
		n = 0
		for (end in width) {
			if (!count[end, i])
				continue
			n += count[end, i]
			sum[end] += count[end, i] * 0.1 / width[end]
			printf "%.3f %.3f %.3f\n", end - width[end] / 2 - start, \
				sum[end], width[end] >file
		}
		close(file)
		# The highest boxes come first, so that lower ones are seen.
		if (n)
			plots = sprintf("'%s' using 1:2:3 with boxes lc rgb '#%s'" \
				" title '%s: %d'", file, colour[i], label[i], n) \
				(plots ? ", " plots : "")
	}
	print "set ylabel '" title "'"
	print plots ? "plot " plots : "plot [][0:1] NaN notitle"
}

END {
	if (last == "")
		exit 1
	printf "set xrange [0:%.3f]\n", last - start
	nr_phases = split("firmware decompressor kernel", phase_name, " ")
	to = "graph 1"
	for (i = nr_phases; i; i--) {
		phase = phase_name[i]
		if (!(phase in from))
			continue
		x = sprintf("%.3f", from[phase] - start)
		printf "set object %d rectangle from %s, graph 0 to %s, graph 1" \
			" behind fc rgb '%s' fs solid noborder\n", \
			i, x, to, i % 2 ? "#eef2f7" : "#fbf4e6"
		printf "set label %d '%s' at %s, graph 1.05 font ',11'\n", \
			i, phase, x
		to = x
	}
	panel("CR accesses per 0.1 s", 1, first_tpr - 1)
	print "unset label\nset xlabel 'seconds'"
	panel("TPR writes per 0.1 s", first_tpr, nr)
}
