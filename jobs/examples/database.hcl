# A database that stays with its disk, moved with care.
job "database" {
  datacenters = ["dc1"]
  group "postgres" {
    count = 1
    stop_after_client_disconnect = "5m"
    constraint {
      distinct_hosts = true
    }
    migrate {
      max_parallel     = 1
      health_check     = "checks"
      min_healthy_time = "30s"
      healthy_deadline = "10m"
    }
    reschedule {
      attempts       = 5
      interval       = "1h"
      delay          = "30s"
      delay_function = "exponential"
      max_delay      = "10m"
      unlimited      = false
    }
    volume "data" {
      type      = "host"
      source    = "postgres"
      read_only = false
    }
    ephemeral_disk {
      sticky  = true
      migrate = true
      size    = 500
    }
    network {
      mode = "host"
      port "db" {
        static = 5432
      }
    }
    service {
      name = "postgres"
      port = "db"
      check {
        type     = "tcp"
        interval = "5s"
        timeout  = "2s"
      }
    }
    task "postgres" {
      driver       = "raw_exec"
      user         = "nobody"
      kill_signal  = "SIGINT"
      kill_timeout = "60s"
      volume_mount {
        volume      = "data"
        destination = "/var/lib/postgresql"
      }
      config {
        command = "/usr/lib/postgresql/15/bin/postgres"
        args    = ["-D", "/var/lib/postgresql/data", "-p", "${NOMAD_PORT_db}"]
      }
      resources {
        cpu    = 1000
        memory = 1024
      }
      logs {
        max_files     = 5
        max_file_size = 20
      }
    }
  }
}
