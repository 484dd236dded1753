# Every night at two, never two at once.
job "nightly-backup" {
  datacenters = ["dc1"]
  type        = "batch"
  priority    = 30
  periodic {
    cron             = "0 2 * * *"
    time_zone        = "Europe/Berlin"
    prohibit_overlap = true
  }
  group "backup" {
    restart {
      attempts = 3
      interval = "1h"
      delay    = "1m"
      mode     = "fail"
    }
    task "tar" {
      driver = "raw_exec"
      config {
        command = "tar"
        args    = ["-czf", "${NOMAD_ALLOC_DIR}/data/etc.tar.gz", "/etc"]
      }
      resources {
        cpu    = 200
        memory = 64
      }
    }
  }
}
