#!/bin/bash
# Prometheus' dns_sd finds the instances of a job by SRV. It asks the resolver of the machine on port 53,
# so both live in a network and mount namespace of their own.
if [ "${IN_NAMESPACE:-}" != 1 ]; then
    unshare -mn true 2>/dev/null || { echo "no right to make namespaces"; exit 77; }
    IN_NAMESPACE=1 exec unshare -mn "$0" "$@"
fi
. "$(dirname "$0")/../integration/lib.sh"
ip link set lo up || fail "no loopback"
echo "nameserver 127.0.0.1" >"$work/resolv.conf"
mount --bind "$work/resolv.conf" /etc/resolv.conf || fail "no resolv.conf of our own"
trap 'umount /etc/resolv.conf; cleanup' EXIT
dns=53
start_agent
"$platform" run "$(echo_job 5 dns-sd dns-sd)" >/dev/null || fail run
wait_for "five instances" srv_is anaconda.http-echo.service.consul 5
cat >"$work/prometheus.yml" <<CONF
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: services
    dns_sd_configs:
      - { names: [anaconda.http-echo.service.consul], type: SRV, refresh_interval: 1s }
CONF
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
    --web.listen-address=127.0.0.1:$spare >"$work/prometheus.log" 2>&1 &
extra_pids="$extra_pids $!"
targets() { curl -sf "http://127.0.0.1:$spare/api/v1/targets?state=active" | jq -r "$1"; }
targets_are() { [ "$(targets '.data.activeTargets | length')" = "$1" ]; }
wait_for "five targets" targets_are 5
wanted=$(dig +short @127.0.0.1 -p "$dns" SRV http-echo.service.consul | awk '{print $4 ":" $3}' | sed 's/\.:/:/' | sort)
expect "the targets" "$wanted" "$(targets '.data.activeTargets[].labels.instance' | sed 's/\.:/:/' | sort)"
reached() { [ "$(targets '[.data.activeTargets[] | select(.lastError | test("lookup|dial") | not)] | length')" = 5 ]; }
wait_for "the targets to be looked up and dialled" reached
