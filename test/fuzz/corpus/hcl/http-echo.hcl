# Five little web servers, found at http://127.0.0.1:9999/http-echo and in DNS as
# anaconda.http-echo.service.consul.
job "http-echo" {
  datacenters = ["dc1"]

  group "echo" {
    count = 5

    network {
      port "http" {}
    }

    task "server" {
      driver = "raw_exec"

      config {
        command = "http-echo"
        args = [
          "-listen", ":${NOMAD_PORT_http}",
          "-text", "hello from port ${NOMAD_PORT_http}",
        ]
      }

      resources {
        cpu    = 100
        memory = 10
      }

      service {
        name = "http-echo"
        port = "http"

        tags = [
          "anaconda",
          "urlprefix-/http-echo",
        ]

        check {
          type     = "http"
          path     = "/health"
          interval = "10s"
          timeout  = "5s"
        }
      }
    }
  }
}
