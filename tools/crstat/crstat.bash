# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# bash completion of crstat. Options and views are taken from crstat itself, so
# that they are always those of the installed version.

_crstat() {
	local cur prev words cword i
	# shellcheck disable=SC2034 # set for the library
	local split

	_init_completion -s || return
	case $prev in
	--root | --kallsyms | --output | -o)
		_filedir
		return
		;;
	--sum)
		mapfile -t COMPREPLY < <(compgen -W "vcpu vm host" -- "$cur")
		return
		;;
	--sort | --columns)
		return
		;;
	--guest | --vm | --pid | --vcpu | -g | -p)
		prev=${prev/#-g/--vm} prev=${prev/#--guest/--vm} prev=${prev/#-p/--pid}
		# The values that are there, where they may be read.
		mapfile -t COMPREPLY < <(compgen -W "$(crstat --csv 2>/dev/null |
			awk -F, -v name="${prev#--}" '
			NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
			{ print $c[name] }
			name == "vm" { print $c["guest"] }' | sort -u)" -- "$cur")
		return
		;;
	--interval | --count | --limit | --at | -i | -n)
		return
		;;
	esac
	for ((i = 1; i < cword; i++)); do
		if [[ ${words[i]} == -- ]]; then
			_command_offset $((i + 1))
			return
		elif [[ ${words[i]} == diff && $cur != -* ]]; then
			_filedir
			return
		elif [[ ${words[i]} =~ ^(on|off)$ ]]; then
			mapfile -t COMPREPLY < <(compgen -W "cr tpr time" -- "$cur")
			return
		fi
	done
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_parse_help crstat)" -- "$cur")
	else
		# Four blanks are a view's or a command's, one is a heading's.
		mapfile -t COMPREPLY < <(compgen -W "$(crstat --help |
			sed -n '/ Views:/,/ Exit status:/s/^    \([a-z]\+\) .*/\1/p')" \
			-- "$cur")
	fi
	[[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace
} && complete -F _crstat crstat
