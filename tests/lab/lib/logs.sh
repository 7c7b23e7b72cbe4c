# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # the parts share variables
#
# What the machines said, kept in $lab_state/logs also when they are gone, and
# searched for what a kernel must not say.

logs_bad='\bBUG\b|WARNING:|Oops|Call Trace|general protection|unable to handle|segfault'
logs_bad+='|[Ll]ockdep|possible (circular|recursive) locking|inconsistent lock state|suspicious RCU'
logs_bad+='|KASAN|KCSAN|UBSAN|kmemleak|\bleak|refcount_t|[Kk]ernel panic'
logs_bad+='|self-detected stall|detected stalls|soft lockup|blocked for more than'
logs_bad+='|\(XEN\).*([Pp]anic|FATAL|Assertion|Xen BUG|Xen WARN)'

# Lines that only look like one of these: a kernel with lockdep reports at boot that
# RCU is checked as well; kmemleak reports that it starts.
logs_good='RCU lockdep checking is enabled|kmemleak: (Kernel memory leak detector initialized'
logs_good+='|Automatic memory scanning thread)'

# Prints NUMBER:LINE for each line of the file that a kernel must not write. Of
# KCSAN's reports, only those count in which one of our modules takes part: both
# stacks name the module of each function, and Linux itself has many data races. Where
# allocations are made to fail (LOGS_FAULTS), the kernel prints a stack for some of them.
logs_complaints() {
	grep -anE "$logs_bad" "$1" | grep -avE "$logs_good" |
		awk -F: -v log_file="$1" -v faults="${LOGS_FAULTS-}" '
		function flush() {
			if (title && !ours)
				foreign[title] = 1
			title = ours = 0
		}
		BEGIN {
			while ((getline line < log_file) > 0) {
				n++
				if (line ~ /==============================/)
					flush()
				if (line ~ /BUG: KCSAN/)
					title = n
				if (faults && line ~ /vmalloc (error|size)|page allocation failure/)
					expected = 1
				if (expected || (faults && line ~ /kmemleak: Cannot allocate a scan area/))
					foreign[n] = 1
				if (line ~ /<\/TASK>/)
					expected = 0
				if (line ~ / \[mydevice[a-z]*\]/)
					ours = 1
			}
			flush()
		}
		!($1 in foreign)'
}

# From the running lab. The serial line alone has all that matters; the rest
# is fetched if the host still answers.
logs_collect() {
	local logs=$lab_state/logs rc=0

	mkdir -p "$logs/xen"
	lab_wait 10 host_answers || rc=1
	if [ $rc -eq 0 ]; then
		(cd "$lab_state" && timeout 60 ssh -F ssh/config -T dom0 'tar -C /var/log/xen -cf - .' </dev/null) |
			tar -C "$logs/xen" --no-same-owner -xf - || rc=1
		(cd "$lab_state" && timeout 30 ssh -F ssh/config -T dom0 'xl dmesg' </dev/null) \
			>"$logs/xen-dmesg.log" || rc=1
		(cd "$lab_state" && timeout 30 ssh -F ssh/config -T dom0 \
			'journalctl -b --no-pager -o short-monotonic \
				_TRANSPORT=kernel + _SYSTEMD_UNIT=mydevice-attachd.service' </dev/null) \
			>"$logs/dom0-journal.log" || rc=1
	fi
	logs_keep
	return $rc
}

# What is here without asking anybody.
logs_keep() {
	mkdir -p "$lab_state/logs"
	tr -d '\r' <"$lab_state/console.log" >"$lab_state/logs/dom0-console.log"
	cp "$lab_state/qemu.log" "$lab_state/logs/qemu.log"
}

# Prints each bad line with what stands around it; false if there is one.
logs_check() {
	local logs=$lab_state/logs file found=0

	while read -r file; do
		logs_bad_lines "$file" || found=1
	done < <(find "$logs" -type f -name '*.log*' | sort)
	[ "$found" -eq 0 ]
}

logs_bad_lines() {
	local file=$1 number from=0 rc=0

	while IFS=: read -r number _; do
		rc=1
		[ "$number" -gt "$from" ] || continue
		printf '%s, line %s:\n' "${file#"$lab_state"/}" "$number"
		awk -v bad="$number" 'NR > bad + 20 { exit }
			NR >= bad - 3 { print (NR == bad ? "->" : "  ") "\t" $0 }' "$file"
		from=$((number + 21))
	done < <(logs_complaints "$file")
	return $rc
}
