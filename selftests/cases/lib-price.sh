# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What an access costs by the guest's own clock, with nobody counting: before the
# module is loaded.

price() { # STEP...
	crgen --time "$@" 2>/dev/null | awk '
		/crgen-time/ { head = 1; next }
		head { for (i = 1; i <= NF; i++) c[$i] = i; head = 0; seen = 1; next }
		seen && $c["op"] != "port" {
			print "# TSC cycles of one " $c["op"] ": " $c["per_access"] }'
}
