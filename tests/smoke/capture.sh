#!/bin/sh
# What crosses the links is what the RFCs say: tshark reads captures of a whole run, with every
# checksum verified, and finds nothing malformed and no error.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

case_line() { # ok|not ok, name
	number=$((number + 1))
	echo "$1 $number - $2"
}

read_capture() { # file, display filter
	tshark -r "$1" -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
		-o ip.check_checksum:TRUE -Y "$2" 2>"$work/stderr"
}

bad='_ws.malformed || tcp.checksum.status == 0 || udp.checksum.status == 0 ||
	ip.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0 ||
	_ws.expert.severity == 0x00800000'

check_capture() { # name, file, protocols that must be there
	marks=$(read_capture "$2" "$bad")
	if [ -n "$marks" ]; then
		case_line 'not ok' "$1"
		echo "$marks" | head -5 | sed 's/^/# /'
		return
	fi
	for protocol in $3; do
		if [ -z "$(read_capture "$2" "$protocol" | head -1)" ]; then
			case_line 'not ok' "$1"
			echo "# no packet of $protocol"
			return
		fi
	done
	case_line ok "$1"
}

echo 1..4
"$INTERPLANE" trace "$SOURCE_ROOT/examples/interop.yaml" branch-vm loc1-vm --cold \
	--event '20s cut loc1-ce1--er1-primary' --at 30s --capture "all=$work/run.pcap" >"$work/out"
check_capture 'the reference network from power-on to a failure is read without a mark' \
	"$work/run.pcap" 'bgp.type==2 bfd esp icmp.type==11 tcp.flags.syn==1'

"$INTERPLANE" ping "$SOURCE_ROOT/examples/interop.yaml" loc1-vm hub-vm --size 4000 --count 2 \
	--capture "all=$work/fragments.pcap" >"$work/out"
check_capture 'fragments are read without a mark' "$work/fragments.pcap" 'ip.flags.mf==1'

"$INTERPLANE" trace "$SOURCE_ROOT/tests/smoke/six.yaml" dc-host web-vm --cold --at 30s \
	--capture "all=$work/six.pcap" >"$work/out"
check_capture 'IPv6 is read without a mark' "$work/six.pcap" \
	'icmpv6.type==128 icmpv6.type==3 bgp.type==2'

"$INTERPLANE" ping "$SOURCE_ROOT/examples/interop.yaml" hub-vm loc1-vm --protocol tcp --count 1 \
	--capture "all=$work/clamped.pcap" >"$work/out"
check_capture 'a SYN with its segment size lowered is read without a mark' "$work/clamped.pcap" \
	'tcp.options.mss_val==1360 tcp.options.mss_val==1460'
