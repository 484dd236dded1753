# A main task with one that prepares for it and one that ships its logs.
job "app-with-sidecar" {
  datacenters = ["dc1"]
  group "app" {
    shutdown_delay = "5s"
    task "prepare" {
      lifecycle {
        hook    = "prestart"
        sidecar = false
      }
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "date >${NOMAD_ALLOC_DIR}/data/started"]
      }
    }
    task "app" {
      leader         = true
      shutdown_delay = "2s"
      driver         = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "while :; do date; sleep 10; done"]
      }
      env {
        STARTED_FILE = "${NOMAD_ALLOC_DIR}/data/started"
      }
    }
    task "shipper" {
      lifecycle {
        hook    = "poststart"
        sidecar = true
      }
      driver = "raw_exec"
      config {
        command = "tail"
        args    = ["-F", "${NOMAD_ALLOC_DIR}/logs/app.stdout.0"]
      }
    }
  }
}
