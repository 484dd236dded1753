#!/bin/bash
# A Prometheus configuration's consul_sd_configs find the instances of a job, with tags and ports, and
# follow its scaling. Debian builds Prometheus itself without consul_sd; victoria-metrics has it.
. "$(dirname "$0")/../integration/lib.sh"
start_agent
"$platform" run "$(echo_job 5 prometheus prometheus)" >/dev/null || fail run
wait_for "five instances" srv_is http-echo.service.consul 5
cat >"$work/prometheus.yml" <<CONF
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: services
    consul_sd_configs:
      - server: 127.0.0.1:$consul
        services: [http-echo]
    relabel_configs:
      - { source_labels: [__meta_consul_service], target_label: service }
      - { source_labels: [__meta_consul_tags], target_label: tags }
      - { source_labels: [__meta_consul_dc], target_label: dc }
      - { source_labels: [__meta_consul_health], target_label: health }
CONF
victoria-metrics -promscrape.config="$work/prometheus.yml" -storageDataPath="$work/tsdb" -memory.allowedBytes=64MB \
    -promscrape.consulSDCheckInterval=1s -httpListenAddr=127.0.0.1:$spare >"$work/metrics.log" 2>&1 &
extra_pids="$extra_pids $!"
targets() { curl -sf "http://127.0.0.1:$spare/api/v1/targets?state=active" | jq -r "$1"; }
targets_are() { [ "$(targets '.data.activeTargets | length')" = "$1" ]; }
wait_for "five targets" targets_are 5
expect "ports of the targets" "$(dig +short @127.0.0.1 -p "$dns" SRV http-echo.service.consul | awk '{print $3}' | sort)" \
    "$(targets '.data.activeTargets[].labels.instance' | sed 's/.*://' | sort)"
expect "service" http-echo "$(targets '.data.activeTargets[].labels.service' | sort -u)"
expect "datacenter" dc1 "$(targets '.data.activeTargets[].labels.dc' | sort -u)"
contains "$(targets '.data.activeTargets[].labels.tags')" ",anaconda,"
sed -i 's/count = 5/count = 2/' "$work/prometheus.hcl"
"$platform" run "$work/prometheus.hcl" >/dev/null || fail "scaling down"
wait_for "two targets" targets_are 2
