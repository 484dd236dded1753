# Configuration and secrets rendered into files, fetched code, and a reload when they change.
job "secrets" {
  datacenters = ["dc1"]
  group "app" {
    task "app" {
      driver = "raw_exec"
      vault {
        policies    = ["app-read"]
        change_mode = "restart"
      }
      artifact {
        source      = "https://example.com/releases/app-1.2.3.tar.gz"
        destination = "local/app"
        options {
          checksum = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        }
      }
      template {
        data          = <<-EOT
          {{ range service "postgres" }}
          server {{ .Address }}:{{ .Port }}
          {{ end }}
        EOT
        destination   = "local/servers.conf"
        change_mode   = "signal"
        change_signal = "SIGHUP"
        perms         = "600"
      }
      template {
        data        = "DB_PASSWORD={{ with secret \"app/db\" }}{{ .Data.password }}{{ end }}"
        destination = "secrets/db.env"
        env         = true
      }
      config {
        command = "local/app/app"
      }
    }
  }
}
