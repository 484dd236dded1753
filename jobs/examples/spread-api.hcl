# Spread over datacenters, on fast disks where there are any, scaled by hand between 2 and 10.
job "api" {
  datacenters = ["dc1", "dc2"]
  priority    = 70
  affinity {
    attribute = "${meta.disk}"
    value     = "ssd"
    weight    = 80
  }
  spread {
    attribute = "${node.datacenter}"
    weight    = 100
    target "dc1" {
      percent = 70
    }
    target "dc2" {
      percent = 30
    }
  }
  update {
    max_parallel      = 1
    canary            = 1
    auto_promote      = true
    auto_revert       = true
    min_healthy_time  = "10s"
    healthy_deadline  = "2m"
    progress_deadline = "10m"
  }
  group "api" {
    count = 3
    scaling {
      enabled = true
      min     = 2
      max     = 10
      policy {
        cooldown = "2m"
      }
    }
    network {
      port "http" {}
      port "admin" {
        to = 9000
      }
    }
    service {
      name        = "api"
      port        = "http"
      tags        = ["urlprefix-/api strip=/api"]
      canary_tags = ["urlprefix-/canary strip=/canary"]
      meta {
        version = "2"
      }
      check {
        name     = "up"
        type     = "http"
        path     = "/health"
        method   = "GET"
        interval = "5s"
        timeout  = "1s"
        header {
          X-From = ["checks"]
        }
        check_restart {
          limit = 3
          grace = "30s"
        }
      }
    }
    service {
      name         = "api-admin"
      port         = "admin"
      address_mode = "host"
      check {
        name     = "still here"
        type     = "script"
        task     = "server"
        command  = "/bin/true"
        args     = ["-v"]
        interval = "30s"
        timeout  = "5s"
      }
    }
    task "server" {
      driver = "raw_exec"
      config {
        command = "http-echo"
        args    = ["-listen", ":${NOMAD_PORT_http}", "-text", "api"]
      }
      resources {
        cpu    = 250
        memory = 64
        device "nvidia/gpu" {
          count = 1
          constraint {
            attribute = "${device.attr.memory}"
            operator  = ">="
            value     = "2 GiB"
          }
        }
      }
    }
  }
}
