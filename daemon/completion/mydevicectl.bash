# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for mydevicectl(1)

# The first column, or with GUEST the names of its channels
_mydevicectl_known() {
	mydevicectl list 2>/dev/null | awk -v guest="$1" '
		NR == 1 { next }
		guest == "" { print $1 }
		$1 == guest || $2 == guest { print $4 }'
}

_mydevicectl() {
	local cur=${COMP_WORDS[COMP_CWORD]} word words=() i
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-* | =) ;;
		*) [ "${COMP_WORDS[i - 1]}" = = ] || words+=("$word") ;;
		esac
	done
	COMPREPLY=()
	case $cur in
	-*)
		word="--help --version"
		case ${words[0]-} in
		list | status) word="--json --all" ;;
		attach) word="--json --class= --mode= --ring-size=" ;;
		detach) word="--class= --force --timeout=" ;;
		wait) word="--class= --for= --timeout=" ;;
		monitor) word="--json --class= --timeout=" ;;
		policy) word="--json --class=" ;;
		metrics) word="--output=" ;;
		reload) word="--pid=" ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
		[[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null
		return
		;;
	esac
	if [ "${COMP_WORDS[COMP_CWORD - 1]}" = = ] || [ "$cur" = = ]; then
		[ "$cur" != = ] || cur=
		i=$((COMP_CWORD - 1))
		[ "${COMP_WORDS[COMP_CWORD]}" = = ] || i=$((COMP_CWORD - 2))
		case ${COMP_WORDS[i]} in
		--mode) word="stream packet" ;;
		paused) word="yes no" ;;
		direction) word="both to-host to-guest" ;;
		spin-usec) word=never ;;
		--for) word="attached connected gone" ;;
		--output)
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
			;;
		*) return ;;
		esac
		mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
		return
	fi
	case ${#words[@]} in
	0) word="list status attach detach set wait monitor connect policy reload metrics" ;;
	1)
		case ${words[0]} in metrics | reload) return ;; esac
		word=$(_mydevicectl_known "")
		;;
	2) [ "${words[0]}" = list ] && return
		word=$(_mydevicectl_known "${words[1]}") ;;
	*)
		[ "${words[0]}" = set ] || return
		word="rate-bytes= rate-messages= paused= read-wake= write-wake= spin-usec="
		word+=" node-user= node-group= node-mode= direction="
		compopt -o nospace 2>/dev/null
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$word" -- "$cur")
}

complete -F _mydevicectl mydevicectl
