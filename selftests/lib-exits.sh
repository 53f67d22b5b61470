# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # shared with lib.sh and tests
# The module of the tests that changes exits of SVM, see exits/svm_exits.c.

readonly EXITS=/sys/module/svm_exits

# In the VM it is in PATH; else it is that of the checkout.
require_exits() {
	exits_path=$(type -P svm_exits.ko) ||
		exits_path=$(dirname "$(readlink -f "$0")")/../../exits/$(uname -r)/svm_exits.ko
	[[ -f $exits_path ]] || skip_all "no svm_exits.ko for $(uname -r)"
	at_exit+=(unload_exits)
}

load_exits() { # PARAMETER...
	insmod "$exits_path" "$@" || exit
}

unload_exits() {
	[[ ! -d $EXITS ]] || rmmod svm_exits
}

# Into changed[n] what became another exit, into $passed what did not.
read_exits() {
	IFS=, read -ra changed <$EXITS/parameters/changed
	passed=$(<$EXITS/parameters/passed)
}
