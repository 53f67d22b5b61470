# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# bash completion of crgen, by what the installed crgen says of itself.

_crgen() {
	# shellcheck disable=SC2034 # set for the library
	local cur prev words cword split i

	_init_completion -s || return
	for ((i = 1; i < cword; i++)); do
		[[ ${words[i]} != -- ]] || { _command_offset $((i + 1)) && return; }
	done
	if [[ $prev == --apic ]]; then
		mapfile -t COMPREPLY < <(compgen -W "kernel split user" -- "$cur")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_parse_help crgen)" -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -W "$(crgen --list |
			awk '{ print $1 }')" -- "$cur")
	fi
	[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace
} && complete -F _crgen crgen
