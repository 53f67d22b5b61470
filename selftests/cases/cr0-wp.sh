#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# CR0.WP, which a hardened kernel (grsecurity's KERNEXEC) toggles to write what it
# has made read-only. LKML 20230322013731.102955-1-minipli@grsecurity.net: each
# toggle was an exit, until VMX let the guest own the bit (fb509f76acc8, 6.4): a
# benchmark went from 8.43 s to 3.51 s. SVM has no mask of bits, so that there all
# of them still exit. Debian's 6.1 has it since 6.1.37-1, says its changelog; 5.10
# has not.
. "$(dirname "$0")/../lib-witness.sh"

require

# Debian's kernels without the change.
readonly WITHOUT='^5\.10\.'
readonly TOGGLES=1000
readonly WP=cr0-write=$TOGGLES,80000031,80010031

# Module and kernel agree on what toggling WP costs.
wp() { # NAME EXITS
	check "$1" "cr0_write=${2/#0/-}" $WP
}

owned=$TOGGLES
[[ $VENDOR != intel || $(uname -r) =~ $WITHOUT ]] || owned=0

load_kvm
# TS never exits.
price $WP cr0-ts=$TOGGLES
load
witness_start
if [[ $VENDOR == intel ]]; then
	wp "$(uname -r), Intel with EPT: $owned of $TOGGLES toggles exit" $owned
	reload_kvm ept=0
	wp "$(uname -r), Intel without EPT: all exit" $TOGGLES
else
	wp "$(uname -r), AMD: all exit" $TOGGLES
fi
finish
