# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for mydevicectl(1)

function __mydevicectl_words
    string match -v -- '-*' (commandline -opc)
end

function __mydevicectl_at
    test (count (__mydevicectl_words)) -eq $argv[1]
end

function __mydevicectl_sets
    test (count (__mydevicectl_words)) -ge 4; and test (__mydevicectl_words)[2] = set
end

function __mydevicectl_guests
    mydevicectl list 2>/dev/null | awk 'NR > 1 { print $1 }' | sort -u
end

function __mydevicectl_channels
    mydevicectl list (__mydevicectl_words)[3] 2>/dev/null | awk 'NR > 1 { print $4 }'
end

complete -c mydevicectl -f
complete -c mydevicectl -n '__mydevicectl_at 1' -a list -d 'The channels of all guests, or of one'
complete -c mydevicectl -n '__mydevicectl_at 1' -a status -d 'The daemon, or all about channels'
complete -c mydevicectl -n '__mydevicectl_at 1' -a attach -d 'Give a guest a channel'
complete -c mydevicectl -n '__mydevicectl_at 1' -a detach -d 'Take it away'
complete -c mydevicectl -n '__mydevicectl_at 1' -a set -d 'Limit, pause or tune it'
complete -c mydevicectl -n '__mydevicectl_at 1' -a wait -d 'Until it is connected'
complete -c mydevicectl -n '__mydevicectl_at 1' -a monitor -d 'Tell what happens'
complete -c mydevicectl -n '__mydevicectl_at 1' -a connect -d 'Join this terminal to a channel'
complete -c mydevicectl -n '__mydevicectl_at 1' -a policy -d 'What attachd.conf says'
complete -c mydevicectl -n '__mydevicectl_at 1' -a reload -d 'Read attachd.conf again'
complete -c mydevicectl -n '__mydevicectl_at 1' -a metrics -d 'Counters and times'
complete -c mydevicectl -n '__mydevicectl_at 2' -a '(__mydevicectl_guests)'
complete -c mydevicectl -n '__mydevicectl_at 3' -a '(__mydevicectl_channels)'
complete -c mydevicectl -n '__mydevicectl_sets' -a 'rate-bytes= rate-messages= paused=yes paused=no
    read-wake= write-wake= spin-usec= spin-usec=never node-user= node-group= node-mode=
    direction=both direction=to-host direction=to-guest'
complete -c mydevicectl -s j -l json -d 'Print JSON'
complete -c mydevicectl -s a -l all -d 'Requests that were not granted, too'
complete -c mydevicectl -l class -x -d 'A device of this class'
complete -c mydevicectl -l mode -x -a 'stream packet' -d 'How bytes are kept together'
complete -c mydevicectl -l ring-size -x -d 'Bytes of each direction'
complete -c mydevicectl -l force -d 'Do not wait for the drivers'
complete -c mydevicectl -l for -x -a 'attached connected gone' -d 'What to wait for'
complete -c mydevicectl -l timeout -x -d 'Wait so many seconds at most'
complete -c mydevicectl -l output -r -F -d 'Into a file, for node_exporter'
complete -c mydevicectl -l pid -x -d 'The process to signal without a bus'
complete -c mydevicectl -s h -l help -d 'Show help'
complete -c mydevicectl -l version -d 'Show the version'
